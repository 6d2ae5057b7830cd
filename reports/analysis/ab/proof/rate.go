package proof

import (
	"fmt"

	"servebench/reports/analysis/stat"
)

// Rate is how often something happened: K times in N simulations.
type Rate struct{ K, N int }

// count adds a trial.
func (r *Rate) count(happened bool) {
	r.N++
	if happened {
		r.K++
	}
}

func (r *Rate) merge(other Rate) { r.K, r.N = r.K+other.K, r.N+other.N }

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
