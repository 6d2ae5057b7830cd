package proof

import (
	"encoding/json"
	"fmt"

	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// Rate is how often something happened: K times in N simulations.
type Rate struct{ K, N int }

// Value is the share of the simulations, 0 without any.
func (r Rate) Value() float64 {
	if r.N == 0 {
		return 0
	}
	return float64(r.K) / float64(r.N)
}

// Interval is the exact 95 % confidence interval of the probability; from 0 to 1 without
// trials.
func (r Rate) Interval() (low, high float64) {
	if r.N == 0 {
		return 0, 1
	}
	return stat.Exact(r.Value(), float64(r.N))
}

// Percent is the rate in percent, without the sign.
func (r Rate) Percent() string { return fmt.Sprintf("%.2f", 100*r.Value()) }

// Bounds is the interval in percent, without the sign: "[0.12, 0.40]".
func (r Rate) Bounds() string {
	low, high := r.Interval()
	return fmt.Sprintf("[%.2f, %.2f]", 100*low, 100*high)
}

// MarshalJSON writes the rate as a fraction, with its interval.
func (r Rate) MarshalJSON() ([]byte, error) {
	low, high := r.Interval()
	return json.Marshal(struct {
		Rate float64 `json:"rate"`
		Low  float64 `json:"low"` // 95 %, Clopper–Pearson
		High float64 `json:"high"`
		N    int     `json:"n"`
	}{r.Value(), low, high, r.N})
}

// outcome is what a design said of one comparison, after so many pairs.
type outcome struct {
	verdict record.Verdict
	pairs   int
}

// Cell is what a design said of many comparisons alike.
type Cell struct {
	Noise        string  `json:"noise"`
	Change       float64 `json:"change"` // by how much the candidate is slower: 0.1 for 10 %
	Fail         Rate    `json:"fail"`
	Pass         Rate    `json:"pass"`
	Inconclusive Rate    `json:"inconclusive"` // neither, after the last interim analysis
	Pairs        int     `json:"pairs"`        // played in all of the comparisons together
}

// MeanPairs is how many pairs a comparison took.
func (c Cell) MeanPairs() float64 { return float64(c.Pairs) / float64(max(c.Fail.N, 1)) }

// rates are those of the verdicts.
func (c *Cell) rates() map[record.Verdict]*Rate {
	return map[record.Verdict]*Rate{record.Fail: &c.Fail, record.Pass: &c.Pass, record.Inconclusive: &c.Inconclusive}
}

// Add counts a comparison that came to the verdict after so many pairs.
func (c *Cell) Add(verdict record.Verdict, pairs int) {
	for v, r := range c.rates() {
		if r.N++; v == verdict {
			r.K++
		}
	}
	c.Pairs += pairs
}

// merge adds the comparisons of another cell of the same kind.
func (c *Cell) merge(other Cell) {
	more := other.rates()
	for v, r := range c.rates() {
		r.K, r.N = r.K+more[v].K, r.N+more[v].N
	}
	c.Pairs += other.Pairs
}

// Candidate names a candidate by how much slower it is.
func Candidate(change float64) string {
	if change == 0 {
		return "same"
	}
	return fmt.Sprintf("+%g %%", 100*change)
}
