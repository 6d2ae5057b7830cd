package attack

import (
	"math"
	"testing"
	"time"

	"servebench/scenarios/corpus"
)

// TestDriftedRequests draws requests before, during and after a drift.
func TestDriftedRequests(t *testing.T) {
	const size = 50
	before := newCorpus(t, size)
	c, err := corpus.Drift(before, newCorpus(t, size))
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Corpus: c, OrderSeed: 3, Drifted: func(due time.Duration) float64 { return min(1, due.Seconds()/10) }}
	s := supply{order: before.Order(3), held: &held{cfg: cfg}}
	for _, share := range []float64{0, 0.2, 0.9, 1} {
		const n = 10_000
		drifted := 0
		for seq := range uint64(n) {
			due := time.Duration(10 * share * float64(time.Second))
			i := s.number(seq, due)
			if i != s.number(seq, due) {
				t.Fatal("the same request is another one the second time")
			}
			if i >= size {
				drifted++
			}
			if i%size != s.order.at(seq) {
				t.Fatalf("request %d is %d, want that of the order, %d", seq, i, s.order.at(seq))
			}
		}
		if got := float64(drifted) / n; math.Abs(got-share) > 4*math.Sqrt(share*(1-share)/n) {
			t.Errorf("%g of the requests are drifted, want %g", got, share)
		}
	}
}
