package attack

import "servebench/scenarios/corpus"

// order decides which request of the corpus is sent k-th: the corpus's own order,
// repeated. It is a pure function of k, so that sender and recorder agree without
// telling each other.
type order []int32

func newOrder(c *corpus.Corpus, seed uint64) order { return c.Order(seed) }

// at returns the index into the corpus of the k-th request.
func (o order) at(k uint64) int { return int(o[k%uint64(len(o))]) }
