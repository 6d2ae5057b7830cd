package attack

import "testing"

// TestOrderCoversTheCorpus checks that every pass over the corpus sends each
// request once.
func TestOrderCoversTheCorpus(t *testing.T) {
	const n = 100
	o := newOrder(n, 3)
	for pass := range uint64(3) {
		seen := map[int]bool{}
		for k := range uint64(n) {
			seen[o.at(pass*n+k)] = true
		}
		if len(seen) != n {
			t.Errorf("pass %d sends %d of %d requests", pass, len(seen), n)
		}
	}
}
