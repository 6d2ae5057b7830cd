package attack

import "math/rand/v2"

// order decides which request of the corpus is sent k-th: a seeded permutation
// of the corpus, repeated. It is a pure function of k, so that sender and
// recorder agree without telling each other.
type order []int32

func newOrder(n int, seed uint64) order {
	o := make(order, n)
	for i, p := range rand.New(rand.NewPCG(seed, 0)).Perm(n) {
		o[i] = int32(p)
	}
	return o
}

// at returns the index into the corpus of the k-th request.
func (o order) at(k uint64) int { return int(o[k%uint64(len(o))]) }
