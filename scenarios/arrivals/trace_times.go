package arrivals

import (
	"iter"
	"math/rand/v2"
	"time"
)

// timesProcess replays the times of a trace. Where fewer are wanted than recorded,
// some are left out; where more, each comes as often as the others, or once more,
// first at its own time and then at random ones before the next. Which it is,
// selection sampling decides, so that their number is exact (D. E. Knuth, The Art
// of Computer Programming, volume 2, section 3.4.2, algorithm S). However many are
// added, they are drawn one after the other, and none is held.
type timesProcess struct{ *replay }

// Shape implements Process.
func (l timesProcess) Shape() Shape { return l.shape() }

// Arrivals implements Process.
func (l timesProcess) Arrivals(rng *rand.Rand) iter.Seq[time.Duration] {
	s := newSeed(rng)
	return func(yield func(time.Duration) bool) {
		from := s.source()
		recorded := int64(len(l.Times))
		each, more := l.shape().Arrivals/recorded, l.shape().Arrivals%recorded
		spread := drawn(1)
		for k := range recorded {
			times := each
			if more > 0 && from.Int64N(recorded-k) < more {
				more--
				times++
			}
			if times == 0 {
				continue
			}
			first, room := l.gap(int(k))
			if !yield(first) {
				return
			}
			wanted := spread(from, times-1, func(x float64) bool {
				// Rounding must put none on the next one's time.
				return yield(first + min(time.Duration(x*float64(room)), max(room-1, 0)))
			})
			if !wanted {
				return
			}
		}
	}
}

// gap returns when the k-th arrival is due, and how long before the next one or
// the end.
func (l timesProcess) gap(k int) (first, room time.Duration) {
	first = l.due(k)
	if k+1 < len(l.Times) {
		return first, l.due(k+1) - first
	}
	return first, l.duration - first
}
