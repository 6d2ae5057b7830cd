package sample

import (
	"math"

	"servebench/reports/analysis/stat"

	gonum "gonum.org/v1/gonum/stat"
)

// Ratio compares a target with the reference in one phase: target ÷ reference.
type Ratio struct {
	Target      string  `json:"target"`
	Phase       string  `json:"phase"`
	Metric      string  `json:"metric"` // "p50", "p99", "goodput"
	Value       float64 `json:"value"`  // geometric mean over rounds
	HasInterval bool    `json:"-"`      // false: fewer than three rounds
	Low         float64 `json:"-"`
	High        float64 `json:"-"` // 95 %
	Rounds      int     `json:"rounds"`
	Of          int     `json:"of_rounds"` // that both have; in the others one does not know the metric
}

// Ratios compares every row with the reference target's row of the same phase.
func Ratios(all []Row, cells []Row, reference string) []Ratio {
	var found []Ratio
	base := make(map[string]Row) // by phase
	for _, row := range all {
		if row.Target == reference {
			base[row.Phase] = row
		}
	}
	for _, row := range all {
		if row.Target == reference {
			continue
		}
		for _, m := range []struct {
			name string
			of   func(Row) (float64, bool)
		}{
			{"p50", knownQuantile(0)},
			{"p99", knownQuantile(2)},
			{"goodput", func(r Row) (float64, bool) { return r.Goodput, r.Goodput > 0 }},
		} {
			logs, of := logRatios(cells, row, reference, m.of)
			// Few of many rounds are those in which the slower one had enough answers.
			if len(logs) == 0 || len(logs) < min(of, stat.FewRounds) {
				continue
			}
			r := newRatio(row, m.name, logs)
			r.Of = of
			if m.name == "goodput" && len(logs) >= stat.FewRounds && row.Good.K > 0 && base[row.Phase].Good.K > 0 {
				r.atLeast(stat.RatioByChance(row.Good, base[row.Phase].Good))
			}
			found = append(found, r)
		}
	}
	return found
}

func knownQuantile(i int) func(Row) (float64, bool) {
	return func(r Row) (float64, bool) {
		q := r.Response.Quantiles[i]
		return float64(q.Value), q.Known && q.Value > 0
	}
}

// logRatios pairs the rounds that both targets have, and leaves out those in
// which one of them does not know the metric; rounds is how many they have.
func logRatios(cells []Row, row Row, reference string, of func(Row) (float64, bool)) (logs []float64, rounds int) {
	base := make(map[int]Row)
	for _, c := range cells {
		if c.Target == reference && c.Phase == row.Phase {
			base[c.Round] = c
		}
	}
	for _, c := range cells {
		b, paired := base[c.Round]
		if !paired || c.Target != row.Target || c.Phase != row.Phase {
			continue
		}
		rounds++
		v, ok := of(c)
		if divisor, known := of(b); ok && known {
			logs = append(logs, math.Log(v/divisor))
		}
	}
	return logs, rounds
}

// newRatio is the geometric mean of the rounds' ratios. Its interval is
// Student's t on their logarithms. Resampling so few rounds would promise too
// much: the bootstrap of three rounds never leaves their range, which holds the
// truth in 75 of 100 cases and not in 95; see T. Hesterberg, "What teachers
// should know about the bootstrap", The American Statistician 69 (2015),
// section 4.
func newRatio(row Row, metric string, logs []float64) Ratio {
	r := Ratio{Target: row.Target, Phase: row.Phase, Metric: metric, Value: math.Exp(gonum.Mean(logs, nil)), Rounds: len(logs)}
	if low, high, ok := stat.MeanInterval(logs); ok {
		r.HasInterval, r.Low, r.High = true, math.Exp(low), math.Exp(high)
	}
	return r
}

// atLeast widens the interval to factors around the value.
func (r *Ratio) atLeast(low, high float64) {
	low, high = low*r.Value, high*r.Value
	if r.HasInterval {
		low, high = min(low, r.Low), max(high, r.High)
	}
	r.HasInterval, r.Low, r.High = !math.IsInf(high, 0), low, high
}
