package stats

import (
	"math/rand/v2"
	"slices"
)

const (
	resamples  = 2000
	fewBlocks  = 8  // a sample of fewer blocks is not resampled
	mostBlocks = 64 // blocks per round; longer rounds get longer blocks
)

// quantiles are the ones that a distribution is told by.
func quantiles() [4]float64 { return [4]float64{0.5, 0.9, 0.99, 0.999} }

// TailCount is how many values have to lie beyond a quantile for it to be known.
const TailCount = 10

// Known says whether n values tell the q quantile: n·(1−q) ≥ TailCount.
func Known(q float64, n int64) bool { return n >= needed(q) }

// needed is how many values the q quantile takes: TailCount ÷ (1−q).
func needed(q float64) int64 {
	// The quantiles are decimal; rounding to a millionth takes away what the
	// binary fraction adds.
	return int64((TailCount/(1-q))*(1-1e-9)) + 1
}

// bounds are the ends of a 95 % interval, in nanoseconds.
type bounds struct{ low, high int64 }

// intervals returns the 95 % interval of each quantile. The same sample and
// seed give the same intervals.
func (s *sample) intervals(qs []float64, seed uint64) []bounds {
	if s.blocks < fewBlocks {
		return s.orderIntervals(qs)
	}
	return s.bootstrap(qs, seed)
}

// orderIntervals takes the values to be independent, or as many of them as the share
// from the quantile on tells to be. Where they depend on each other otherwise, as in a
// queue, the intervals are too narrow.
func (s *sample) orderIntervals(qs []float64) []bounds {
	var all []bounds
	for _, q := range qs {
		independent := s.total
		if s.total > 0 {
			independent = int64(s.over(s.all.at(rank(q, s.total)) - 1).Effective)
		}
		low, high := orderRanksOf(q, s.total, independent)
		b := bounds{0, never}
		if low > 0 {
			b.low = s.all.at(low)
		}
		if high <= s.total {
			b.high = s.all.at(high)
		}
		all = append(all, b)
	}
	return all
}

// bootstrap takes the 2.5 % and 97.5 % points of the quantiles of resamples
// (percentile method), or what the difference between rounds asks for, where
// that is wider; see betweenRounds.
//
// How often such an interval holds the true quantile was simulated 500 times a
// case, with rounds of ten seconds and 200 requests a second (TestCoverage):
//
//	                                             p50   p90   p99
//	independent requests, 3 rounds              96 %  97 %  96 %
//	correlated over a tenth of a second, 3      97 %  98 %  91 %
//	correlated over a tenth of a second, 5      98 %  97 %  94 %
//	rounds differ by 2 % (standard deviation)   89 %  92 %  96 %
//	rounds differ by 10 %, 3                    94 %  93 %  89 %
//	independent requests, 1 round               91 %  91 %  87 %
//
// So it falls short of 95 % at p99 with few rounds, where rounds differ about as
// much as the seconds in them, and with a single round, which in addition knows
// nothing of others.
func (s *sample) bootstrap(qs []float64, seed uint64) []bounds {
	rng := rand.New(rand.NewPCG(seed, uint64(s.total)))
	var times [][]int64
	for _, blocks := range s.rounds {
		times = append(times, make([]int64, len(blocks)))
	}
	found := make([][]int64, len(qs))
	var drawn []share
	for range resamples {
		drawn = s.draw(rng, times, drawn)
		for i, q := range qs {
			if v, ok := s.quantile(q, drawn); ok {
				found[i] = append(found[i], v)
			}
		}
	}
	all := make([]bounds, len(qs))
	for i, values := range found {
		slices.Sort(values)
		all[i] = middle(values)
	}
	for i, b := range s.betweenRounds(qs, rng) {
		all[i] = bounds{min(all[i].low, b.low), max(all[i].high, b.high)}
	}
	return all
}

// middle cuts 2.5 % off each end of ascending values.
func middle(values []int64) bounds {
	if len(values) == 0 {
		return bounds{0, never}
	}
	cut := len(values) / 40
	return bounds{values[cut], values[len(values)-1-cut]}
}

// QuantileName is "p50", "p99.9".
func QuantileName(q float64) string { return "p" + FormatNumber(100*q) }

// IntervalMethod says in one sentence how a quantile's interval is made, for
// captions.
const IntervalMethod = "95 % interval by bootstrap over rounds and, inside them, seconds; by binomial order statistics with fewer than 8 seconds"
