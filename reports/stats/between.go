package stats

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// withinResamples are enough for a variance, where an interval's ends need more.
const withinResamples = 200

// betweenRounds widens the intervals where rounds differ by more than the
// seconds inside them explain, as the starts of a server do. Resampling three
// rounds cannot show that: their bootstrap never leaves their range. There, the
// rounds are the sample, and the interval is Student's t on the logarithms of
// their quantiles, around the pooled quantile. Whether they differ is an
// analysis of variance at 5 %: the variance between rounds against the
// bootstrap variance inside them. Where they do not, or it cannot be told, the
// bounds are ones that widen nothing.
func (s *sample) betweenRounds(qs []float64, rng *rand.Rand) []bounds {
	all := make([]bounds, len(qs))
	for i := range all {
		all[i] = bounds{never, 0}
	}
	if len(s.rounds) < 2 || s.blocks <= len(s.rounds) {
		return all
	}
	logs := make([][]float64, len(qs)) // by quantile, round
	within := make([]float64, len(qs)) // variance inside rounds, mean over rounds
	for _, blocks := range s.rounds {
		for i, v := range s.spread(qs, blocks, rng) {
			logs[i] = append(logs[i], v.mean)
			within[i] += v.variance / float64(len(s.rounds))
		}
	}
	for i, q := range qs {
		value := float64(s.all.at(rank(q, s.total)))
		if half := s.halfWidth(logs[i], within[i]); half > 0 {
			all[i] = bounds{clamp(value * math.Exp(-half)), clamp(value * math.Exp(half))}
		}
	}
	return all
}

// halfWidth is half the interval on the logarithmic scale; 0 when the rounds do
// not differ.
func (s *sample) halfWidth(logs []float64, within float64) float64 {
	n := float64(len(logs))
	between := stat.Variance(logs, nil)
	// Not with a round that has no such quantile: its logarithm is not finite.
	if math.IsNaN(between) || math.IsInf(between, 0) || between == 0 {
		return 0
	}
	f := distuv.F{D1: n - 1, D2: float64(s.blocks) - n}.Quantile(0.95)
	if between <= f*within {
		return 0
	}
	return studentT(n-1) * math.Sqrt(between/n)
}

// moments of the logarithm of a round's quantile.
type moments struct{ mean, variance float64 }

// spread resamples one round by itself: the logarithm of each of its quantiles
// and the variance of that.
func (s *sample) spread(qs []float64, blocks []block, rng *rand.Rand) []moments {
	times := make([]int64, len(blocks))
	logs := make([][]float64, len(qs))
	var drawn []share
	for range withinResamples {
		drawn = drawWithin(rng, blocks, times, drawn)
		for i, q := range qs {
			if v, ok := s.quantile(q, drawn); ok {
				logs[i] = append(logs[i], logOf(v))
			}
		}
	}
	whole := make([]share, 0, len(blocks))
	for _, b := range blocks {
		whole = append(whole, share{b, 1})
	}
	all := make([]moments, len(qs))
	for i, q := range qs {
		v, ok := s.quantile(q, whole)
		all[i] = moments{math.NaN(), stat.Variance(logs[i], nil)}
		if ok {
			all[i].mean = logOf(v)
		}
	}
	return all
}

// logOf is infinite for a request without an answer.
func logOf(v int64) float64 {
	if v == never {
		return math.Inf(1)
	}
	return math.Log(float64(max(v, 1)))
}

// clamp turns nanoseconds into a whole number below never.
func clamp(v float64) int64 {
	const most = 1 << 62
	return int64(min(v, most))
}
