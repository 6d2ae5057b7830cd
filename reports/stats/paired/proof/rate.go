package proof

import "gonum.org/v1/gonum/stat/distuv"

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

// Interval is the exact 95 % confidence interval of the probability: C. J. Clopper
// and E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case
// of the binomial", Biometrika 26 (1934), with the beta distribution's quantiles for
// its ends. From 0 to 1 without simulations.
func (r Rate) Interval() (low, high float64) {
	k, n := float64(r.K), float64(r.N)
	low, high = 0, 1
	if r.K > 0 {
		low = distuv.Beta{Alpha: k, Beta: n - k + 1}.Quantile(0.025)
	}
	if r.K < r.N {
		high = distuv.Beta{Alpha: k + 1, Beta: n - k}.Quantile(0.975)
	}
	return low, high
}
