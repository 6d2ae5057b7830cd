package arrivals

import (
	"iter"
	"time"
)

// block is how many due times are made at once for Pull's reader: few enough that
// it is never held up for long, enough to share the price of going over to the
// process and back.
const block = 128

// Pull returns a function that hands out due times one after the other, false at
// their end, and one that ends this. They are iter.Pull's, but far cheaper.
func Pull(due iter.Seq[time.Duration]) (next func() (time.Duration, bool), stop func()) {
	pull, stop := iter.Pull(blocks(due))
	var ready []time.Duration
	return func() (time.Duration, bool) {
		if len(ready) == 0 {
			if ready, _ = pull(); len(ready) == 0 {
				return 0, false
			}
		}
		first := ready[0]
		ready = ready[1:]
		return first, true
	}, stop
}

// blocks yields due times a block at a time, each in the same memory.
func blocks(due iter.Seq[time.Duration]) iter.Seq[[]time.Duration] {
	return func(yield func([]time.Duration) bool) {
		made := make([]time.Duration, 0, block)
		for at := range due {
			if made = append(made, at); len(made) < block {
				continue
			}
			if !yield(made) {
				return
			}
			made = made[:0]
		}
		if len(made) > 0 {
			yield(made)
		}
	}
}
