package stat

import (
	"iter"
	"math/rand/v2"
	"slices"
	"sort"
	"time"
)

// block holds, for every value of the sample, how many of the block's values
// are at most that. With these running sums, a quantile of any mixture of
// blocks is a binary search instead of a pass over all values.
type block []int64

// share is how often a block was drawn.
type share struct {
	block block
	times int64
}

// NewSample takes the tallies of each round's blocks.
func NewSample(rounds [][]Tally) *Sample {
	s := &Sample{All: Merge(slices.Concat(rounds...))}
	for _, b := range s.All {
		s.values = append(s.values, b.Value)
		s.Total += b.Count
	}
	for _, tallies := range rounds {
		var blocks []block
		for _, t := range tallies {
			blocks = append(blocks, s.cumulate(t))
		}
		s.rounds = append(s.rounds, blocks)
		s.blocks += len(blocks)
	}
	return s
}

func (s *Sample) cumulate(t Tally) block {
	b := make(block, len(s.values))
	var n int64
	next := 0
	for i, v := range s.values {
		if next < len(t) && t[next].Value == v {
			n += t[next].Count
			next++
		}
		b[i] = n
	}
	return b
}

// Distribution tells the quantiles of the sample with their intervals. It has no histogram.
func (s *Sample) Distribution(seed uint64) Distribution {
	d, qs := NewDistribution(nil), Quantiles()
	if d.N = s.Total; d.N == 0 {
		return d
	}
	d.Max = time.Duration(s.All.At(d.N))
	for i, q := range qs {
		d.Quantiles[i].Known, d.Quantiles[i].Value = Known(q, d.N), time.Duration(s.All.At(Rank(q, d.N)))
	}
	d.Bound(s.Intervals(qs[:], seed))
	return d
}

// Over is the share of the values that lie above a limit, those of requests without an
// answer included.
func (s *Sample) Over(limit int64) Proportion { return Clustered(s.countsOver(limit)) }

// countsOver counts in every block of every round the values that lie above a limit.
func (s *Sample) countsOver(limit int64) [][]Counts {
	within := sort.Search(len(s.values), func(i int) bool { return s.values[i] > limit })
	var rounds [][]Counts
	for _, blocks := range s.rounds {
		var round []Counts
		for _, b := range blocks {
			n := upTo([]share{{b, 1}}, len(b)-1)
			round = append(round, Counts{n - upTo([]share{{b, 1}}, within-1), n})
		}
		rounds = append(rounds, round)
	}
	return rounds
}

// OverAtMost is Over where the interval is to show that at most 1−q lie above the limit.
// So few do not tell whether they come in clusters, and none never does: the slowest 1−q
// of the sample, or five times as many, tell then how many independent requests there are.
// How often it passes a limit that is the true quantile is simulated in
// TestFewRequestsPassNothing.
func (s *Sample) OverAtMost(limit int64, q float64) Proportion {
	over := s.Over(limit)
	effective := over.Effective
	for _, slowest := range []float64{1 - q, min(5*(1-q), 0.5)} {
		if s.Total > 0 {
			effective = min(effective, s.Over(s.All.At(Rank(1-slowest, s.Total))-1).Effective)
		}
	}
	return proportionOf(Counts{over.K, over.N}, effective)
}

// Unanswered is the share of requests without an answer.
func (s *Sample) Unanswered() Proportion { return s.Over(Never - 1) }

// draw resamples in two stages: as many rounds as there are, with replacement,
// and in each of them as many of its blocks as it has, with replacement. Rounds
// carry what differs from one start of the server to the next, blocks what is
// correlated inside a round. A. C. Davison and D. V. Hinkley, Bootstrap Methods
// and their Application (1997), section 3.8; block resampling: H. R. Künsch,
// Annals of Statistics 17 (1989).
func (s *Sample) draw(rng *rand.Rand, times [][]int64, drawn []share) []share {
	for _, t := range times {
		clear(t)
	}
	for range s.rounds {
		r := rng.IntN(len(s.rounds))
		for range s.rounds[r] {
			times[r][rng.IntN(len(s.rounds[r]))]++
		}
	}
	drawn = drawn[:0]
	for r, blocks := range s.rounds {
		for i, b := range blocks {
			if times[r][i] > 0 {
				drawn = append(drawn, share{b, times[r][i]})
			}
		}
	}
	return drawn
}

// drawWithin resamples the blocks of one round, with replacement.
func drawWithin(rng *rand.Rand, blocks []block, times []int64, drawn []share) []share {
	clear(times)
	for range blocks {
		times[rng.IntN(len(blocks))]++
	}
	drawn = drawn[:0]
	for i, b := range blocks {
		if times[i] > 0 {
			drawn = append(drawn, share{b, times[i]})
		}
	}
	return drawn
}

// quantile is the q quantile of a mixture of blocks; false when it is empty.
func (s *Sample) quantile(q float64, drawn []share) (int64, bool) {
	last := len(s.values) - 1
	if last < 0 {
		return 0, false
	}
	total := upTo(drawn, last)
	if total == 0 {
		return 0, false
	}
	want := Rank(q, total)
	i := sort.Search(last, func(i int) bool { return upTo(drawn, i) >= want })
	return s.values[i], true
}

// QuantileOfRounds is the q quantile of a drawing of rounds of one block each, each as
// often as times says; false when it is empty.
func (s *Sample) QuantileOfRounds(q float64, times []int64) (int64, bool) {
	drawn := make([]share, 0, len(times))
	for r, n := range times {
		if n > 0 {
			drawn = append(drawn, share{s.rounds[r][0], n})
		}
	}
	return s.quantile(q, drawn)
}

// upTo is how many values are at most the i-th, none before the first.
func upTo(drawn []share, i int) int64 {
	var n int64
	if i < 0 {
		return 0
	}
	for _, d := range drawn {
		n += d.times * d.block[i]
	}
	return n
}

// Sample is what a quantile and its interval are computed from: the values of
// some rounds, cut into blocks of consecutive seconds.
type Sample struct {
	values []int64   // ascending, of all blocks
	rounds [][]block // by round
	All    Tally     // of all rounds
	Total  int64     // of all rounds
	blocks int       // of all rounds
}

// Blocks cuts a round into blocks of consecutive seconds, one second each unless that
// gives too many.
func Blocks[T any](seconds []T) iter.Seq[[]T] {
	length := (len(seconds) + mostBlocks - 1) / mostBlocks
	return slices.Chunk(seconds, max(length, 1))
}
