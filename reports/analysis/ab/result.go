// Package ab judges the candidate of an A/B test against its baseline: it pairs the rounds
// of the two variants and follows the plan of interim analyses that the record holds.
package ab

import (
	"fmt"
	"strings"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/analysis/stat/paired"
	"servebench/reports/format"
	"servebench/reports/record"
)

// Decided says that an A/B test ends here: its candidate passed or failed. A server that
// is compared with itself is never decided on: its noise is what all rounds of the
// plan are played for.
func (d *Result) Decided() bool {
	return !d.Same && (d.Verdict == record.Pass || d.Verdict == record.Fail)
}

// Result is what the rounds say of the candidate of a run with a record.ABTest.
type Result struct {
	Verdict record.Verdict
	Why     string // one sentence, with the figure that decided
	Same    bool   // both variants are the same server: it is the noise that is looked for
	// Pairs is how many rounds both variants have; Interim the number of the interim analysis that was
	// reached last, from 1, 0 for none, and Interims how many there are.
	Pairs, Interim, Interims int
	Lost                     []int    // rounds that have no pair, though both variants were to be measured in them
	Metrics                  []Metric // by phase, and in one in the order of the record's Metrics
	// Errors compares the shares of requests that were not answered rightly; by
	// measured phase.
	Errors []Errors
	// More is about how many rounds in all would settle it; 0: it is settled, or no
	// number of rounds that may be played would. Command adds them to the run. Anew is
	// about how many a new A/B test would take, where these are fewer than are to be added;
	// else 0.
	More, Anew int
	Command    string
}

// why says in one sentence why the verdict is what it is.
func (d *Result) why(p *pairing) string {
	var parts []string
	for _, e := range d.Errors {
		if e.Why != "" {
			parts = append(parts, e.Why+p.inPhase(e.Phase))
		}
	}
	rounds := p.lostMore(p.last)
	if d.Verdict == record.Inconclusive && rounds != "" {
		parts = append(parts, fmt.Sprintf("the candidate's server did not last in %s, more often than the baseline's", rounds))
	}
	var changes []string
	for _, m := range d.Metrics {
		if why := p.unmatched(m, p.last); d.Verdict == record.Inconclusive && why != "" {
			parts = append(parts, m.Name+p.inPhase(m.Phase)+": "+why)
		}
		if m.Verdict == d.Verdict {
			changes = append(changes, strings.TrimSpace(m.Change()+" "+m.Bounds())+p.inPhase(m.Phase))
		}
	}
	if len(changes) > 0 {
		parts = append(parts, p.subject()+" "+strings.Join(changes, ", and "))
	}
	return strings.Join(parts, "; ") + ", " + d.when(p.run.AB)
}

// when says after how many rounds.
func (d *Result) when(abTest *record.ABTest) string {
	most := abTest.Interims[len(abTest.Interims)-1].Pairs
	switch {
	case d.Interim == 0:
		return fmt.Sprintf("seen in %s, before the first interim analysis at round %d", format.Plural(d.Pairs, "round"), abTest.Interims[0].Pairs)
	case d.Same:
		return fmt.Sprintf("after %s", format.Plural(abTest.Interims[d.Interim-1].Pairs, "round"))
	case d.Verdict == record.Inconclusive:
		return fmt.Sprintf("not decided after %d of %s", abTest.Interims[d.Interim-1].Pairs, format.Plural(most, "round"))
	}
	return fmt.Sprintf("decided after %d of %s", abTest.Interims[d.Interim-1].Pairs, format.Plural(most, "round"))
}

// Metric compares the variants in one metric of one phase.
type Metric struct {
	Phase, Name string
	// Ratio is candidate ÷ baseline (Hodges–Lehmann over the pairs), Low and High are
	// its bounds at the interim analysis that was reached last, 0 and +Inf where there is none. All
	// three are those of nothing where there is no pair: 1, 0 and +Inf. A Ratio of +Inf
	// is that of a candidate that never answers where the baseline does.
	Ratio, Low, High float64
	Less             bool // less is worse: a throughput
	P                float64
	Spread           float64 // robust standard deviation of the pairs' log ratios
	Pairs            []Pair  // by round, those beyond the interim analysis that was reached last included
	N                int64   // requests of each variant in them, or starts; of two numbers the smaller
	Interims         []Interim
	Verdict          record.Verdict
	Why              string // one sentence
}

// Interim is what an interim analysis said of a metric: its Ratio, Low and High there.
type Interim struct {
	Pairs            int
	Ratio, Low, High float64
}

// Pair are the figures of one round, in the metric's unit: nanoseconds, or a rate
// per second. A time of +Inf is that of a quantile which fell on requests without a
// right answer.
type Pair struct {
	Round          int     `json:"round"`
	Baseline       float64 `json:"-"`
	Candidate      float64 `json:"-"`
	CandidateFirst bool    `json:"candidate_first"`
}

// Errors compares the error rates of the variants in one phase.
type Errors struct {
	Phase     string          `json:"phase"`
	Baseline  stat.Proportion `json:"baseline"`
	Candidate stat.Proportion `json:"candidate"`
	P         float64         `json:"p"` // one-sided, of as many more errors by chance
	Verdict   record.Verdict  `json:"verdict"`
	Why       string          `json:"why"` // when not PASS
}

// SoFar is what the rounds that a run with a record.ABTest has say of its
// candidate, in the midst of the run, too. It does not ask whether the instrument can
// be believed, which DiagnoseTrial and Analyse do. An error names the cell whose log is
// missing or damaged.
func SoFar(run *record.Run) (*Result, error) {
	cells, err := sample.Load(run)
	if err != nil {
		return nil, err
	}
	return Judge(run, cells), nil
}

// Judge judges an A/B test at its interim analyses, one after the other, until one decides; nil of
// a run without one.
func Judge(run *record.Run, cells []*sample.Cell) *Result {
	if run.AB == nil {
		return nil
	}
	p := newPairing(run, cells)
	d := &Result{Verdict: record.Inconclusive, Lost: p.broken(), Interims: len(run.AB.Interims), Metrics: p.metrics(), Same: run.AB.Same}
	d.Pairs = p.last - len(d.Lost)
	var estimates []paired.Estimate
	for i, interim := range run.AB.Interims {
		if interim.Pairs > p.last || d.Decided() {
			break
		}
		d.Interim = i + 1
		estimates = d.judge(p, interim)
	}
	if d.Interim == 0 {
		d.unjudged(p)
	}
	if d.Why = p.neverStarted(); d.Why == "" {
		d.settle(p, estimates)
		d.Why = d.why(p)
	}
	return d
}
