package corpus

import "fmt"

// Drift makes one corpus of the requests before a drift and those after it, which have to be
// as many, with the same classes. Its Order is that of the requests before; Drifted gives the
// request after it that stands in the place of one before.
func Drift(before, after *Corpus) (*Corpus, error) {
	if before.Streamed() || after.Streamed() || before.size != after.size || len(before.classes) != len(after.classes) {
		return nil, fmt.Errorf("drift of requests: %d and %d of them, want as many of the same classes, in memory", before.size, after.size)
	}
	c := *before
	c.before = before
	c.size = before.size + after.size
	c.requests = append(before.requests[:before.size:before.size], after.requests...)
	return &c, nil
}

// Drifted returns the index of the request after the drift that stands in the place of the
// i-th, of a Drift.
func (c *Corpus) Drifted(i int) int { return c.before.size + i }
