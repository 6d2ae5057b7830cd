package schedule

import (
	"iter"
	"math/rand/v2"
	"slices"
	"time"
)

// timesLaw replays the times of a trace. Where fewer are wanted than recorded,
// some are left out; where more, each comes as often as the others, or once more,
// first at its own time and then at random ones before the next. Which it is,
// selection sampling decides, so that their number is exact (D. E. Knuth, The Art
// of Computer Programming, volume 2, section 3.4.2, algorithm S).
type timesLaw struct{ *replay }

// Shape implements Law.
func (l timesLaw) Shape() Shape { return l.shape() }

// Arrivals implements Law.
func (l timesLaw) Arrivals(rng *rand.Rand) iter.Seq[time.Duration] {
	s := newSeed(rng)
	return func(yield func(time.Duration) bool) {
		from := s.source()
		recorded := int64(len(l.Times))
		each, more := l.shape().Arrivals/recorded, l.shape().Arrivals%recorded
		var copies []time.Duration
		for k := range recorded {
			times := each
			if more > 0 && from.Int64N(recorded-k) < more {
				more--
				times++
			}
			if times == 0 {
				continue
			}
			if !yield(l.due(int(k))) {
				return
			}
			if times == 1 {
				continue
			}
			copies = l.copies(copies, from, int(k), times-1)
			for _, due := range copies {
				if !yield(due) {
					return
				}
			}
		}
	}
}

// copies draws n times between the k-th arrival and the next, ascending.
func (l timesLaw) copies(into []time.Duration, rng *rand.Rand, k int, n int64) []time.Duration {
	first, next := l.due(k), l.duration
	if k+1 < len(l.Times) {
		next = l.due(k + 1)
	}
	into = into[:0]
	for range n {
		into = append(into, first+time.Duration(rng.Int64N(max(int64(next-first), 1))))
	}
	slices.Sort(into)
	return into
}
