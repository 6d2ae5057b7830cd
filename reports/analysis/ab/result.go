// Package ab judges the candidate of an A/B test against its baseline: it pairs the rounds
// of the two variants and follows the plan of interim analyses that the record holds.
package ab

import (
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/analysis/stat/paired"
	"servebench/reports/record"
)

// Decided says that an A/B test ends here: its candidate passed or failed. A server that
// is compared with itself is never decided on: its noise is what all rounds of the
// plan are played for.
func (d *Result) Decided() bool {
	return !d.Test.Same && (d.Verdict == record.Pass || d.Verdict == record.Fail)
}

// Result is what the rounds say of the candidate of a run with a record.ABTest.
type Result struct {
	Test    *record.ABTest // what was to be compared, and how it is judged
	Verdict record.Verdict
	// LeftOpen says that the candidate passed in what was played, and that more was planned:
	// the Verdict, and those of its parts, are INCONCLUSIVE instead.
	LeftOpen bool
	// NeverServed is the variant whose server gave no right first answer in any round, of a
	// test that came to no interim analysis therefore and has no result; nil: there is none.
	NeverServed *NeverServed
	// Pairs is how many rounds both variants have; Interim the number of the interim analysis that was
	// reached last, from 1, 0 for none.
	Pairs, Interim int
	Lost           []int    // rounds that have no pair, though both variants were to be measured in them
	LostMore       []int    // rounds in which the candidate's server was lost, where those are more than the baseline's
	Metrics        []Metric // by phase, and in one in the order of the record's Metrics
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

// NeverServed is a variant that no load was sent to.
type NeverServed struct {
	Variant string
	Started bool   // its server came up, and its first answer was not right
	Cause   string // the first time
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
	Judged           int  // pairs that the Verdict is of
	SurelyWorse      bool // worse than chance explains, be it by the margin or not
	// Unmatched are the rounds in which the baseline has a figure and the candidate has none,
	// where those are more than the other way round. What is missing is not missing by chance
	// then; Held says that the metric did not pass because of them.
	Unmatched []int
	Held      bool
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
	Wrong     int64           `json:"-"` // answers of the candidate that the model does not give, where the baseline has none
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
	d := &Result{Test: run.AB, Verdict: record.Inconclusive, Lost: p.broken(), Metrics: p.metrics()}
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
	d.LostMore = p.lostMore(p.last)
	for i := range d.Metrics {
		if m := &d.Metrics[i]; !m.Held {
			m.Unmatched = p.unmatched(*m, p.last)
		}
	}
	if d.NeverServed = p.neverServed(); d.NeverServed == nil {
		d.settle(p, estimates)
	}
	return d
}
