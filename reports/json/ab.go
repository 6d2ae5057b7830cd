package jsonreport

import (
	"math"

	"servebench/reports/analysis"
	"servebench/reports/analysis/ab"
	"servebench/reports/record"
)

// abTest compares a candidate with a baseline.
type abTest struct {
	Verdict   string       `json:"verdict"`
	Why       string       `json:"why"`
	Same      bool         `json:"same"`      // both variants are the same server: it is the noise that is looked for
	Margin    float64      `json:"margin"`    // shares: 0.03
	Tolerance float64      `json:"tolerance"` //
	Pairs     int          `json:"pairs"`     // rounds that both variants have
	Lost      []int        `json:"lost_rounds"`
	Interim   *int         `json:"interim_analysis"` // the number of the one that was reached last; null: none was
	Interims  []interim    `json:"interim_analyses"`
	Metrics   []metric     `json:"metrics"`
	Errors    []errorRates `json:"errors"`
	More      *int         `json:"more_rounds"` // about how many rounds in all would settle it
	Command   *string      `json:"command"`     // that goes on with it
	Variants  variants     `json:"variants"`
	// NoiseFloor is by metric the least margin that can be told from noise on this
	// machine; null: not known.
	NoiseFloor map[string]float64 `json:"noise_floor"`
}

// interim is a number of rounds after which an A/B test may end, with what it may err there.
type interim struct {
	Pairs int     `json:"pairs"`
	Alpha float64 `json:"alpha"` // probability of a false FAIL, over all metrics
	Beta  float64 `json:"beta"`  // of a false PASS
}

// metric compares the variants in one metric of one phase. Bounds are null where there
// are none; a time is null where requests without a right answer are in its place.
type metric struct {
	Phase     *string  `json:"phase"` // null: starts have none
	Metric    string   `json:"metric"`
	Unit      string   `json:"unit"`      // "ms" or "1/s"
	Baseline  *float64 `json:"baseline"`  // medians of the pairs
	Candidate *float64 `json:"candidate"` //
	Ratio     *float64 `json:"ratio"`     // candidate ÷ baseline
	Low       *float64 `json:"ratio_low"`
	High      *float64 `json:"ratio_high"`
	P         *float64 `json:"p"` // null: there was no interim analysis yet
	Spread    float64  `json:"spread"`
	N         int64    `json:"n"` // requests of each variant in the pairs
	Verdict   string   `json:"verdict"`
	Why       *string  `json:"why"`
	Pairs     []couple `json:"pairs"`
}

// couple are the figures of one round.
type couple struct {
	Round          int      `json:"round"`
	Baseline       *float64 `json:"baseline"`
	Candidate      *float64 `json:"candidate"`
	CandidateFirst bool     `json:"candidate_first"`
}

// errorRates compares the shares of requests without a right answer.
type errorRates struct {
	Phase     string   `json:"phase"`
	Baseline  *float64 `json:"baseline"`
	Candidate *float64 `json:"candidate"`
	P         float64  `json:"p"`
	Verdict   string   `json:"verdict"`
	Why       *string  `json:"why"`
}

type variants struct {
	Baseline  variant `json:"baseline"`
	Candidate variant `json:"candidate"`
}

// variant is one of the two servers.
type variant struct {
	Source string            `json:"source"`
	Target string            `json:"target"` // the kind of target that it runs on
	Facts  map[string]string `json:"facts"`
}

func newABTest(a *analysis.Analysis) *abTest {
	found, plan := a.AB, a.Run.AB
	if found == nil {
		return nil
	}
	d := &abTest{
		Verdict: string(found.Verdict), Why: found.Why, Same: found.Same, Margin: plan.Margin, Tolerance: plan.Tolerance,
		Pairs: found.Pairs, Lost: append([]int{}, found.Lost...), Interim: number(found.Interim, found.Interim > 0), Interims: []interim{},
		Metrics: []metric{}, Errors: []errorRates{}, More: number(found.More, found.More > 0), Command: text(found.Command),
		Variants:   variants{newVariant(plan.Baseline), newVariant(plan.Candidate)},
		NoiseFloor: a.NoiseFloors(),
	}
	for _, l := range plan.Interims {
		d.Interims = append(d.Interims, interim(l))
	}
	for _, m := range found.Metrics {
		d.Metrics = append(d.Metrics, newMetric(m, found.Interim > 0))
	}
	for _, e := range found.Errors {
		d.Errors = append(d.Errors, errorRates{
			Phase: e.Phase, Baseline: number(e.Baseline.Value, e.Baseline.N > 0), Candidate: number(e.Candidate.Value, e.Candidate.N > 0),
			P: significant(e.P), Verdict: string(e.Verdict), Why: text(e.Why),
		})
	}
	return d
}

func newMetric(m ab.Metric, analysed bool) metric {
	baseline, candidate := m.Typical()
	paired := len(m.Pairs) > 0
	d := metric{
		Phase: text(m.Phase), Metric: m.Name, Unit: "ms", Baseline: figure(m, baseline, paired), Candidate: figure(m, candidate, paired),
		Ratio: finite(m.Ratio, paired), Low: finite(m.Low, m.Low > 0), High: finite(m.High, true), P: number(significant(m.P), analysed),
		Spread: significant(m.Spread), N: m.N, Verdict: string(m.Verdict), Why: text(m.Why), Pairs: []couple{},
	}
	if m.Less {
		d.Unit = "1/s"
	}
	for _, p := range m.Pairs {
		d.Pairs = append(d.Pairs, couple{p.Round, figure(m, p.Baseline, true), figure(m, p.Candidate, true), p.CandidateFirst})
	}
	return d
}

// figure is a figure of a metric's pairs in its unit.
func figure(m ab.Metric, v float64, known bool) *float64 {
	if !m.Less {
		const millisecond = 1e6
		v /= millisecond
	}
	return finite(v, known)
}

// finite is null also where the value is infinite, which JSON does not know.
func finite(v float64, known bool) *float64 {
	return number(significant(v), known && !math.IsInf(v, 0))
}

func newVariant(a record.Variant) variant {
	d := variant{Source: a.Source, Target: a.Kind, Facts: map[string]string{}}
	for _, f := range a.Facts {
		d.Facts[f.Name] = f.Value
	}
	return d
}
