package attack

import (
	"math/rand/v2"
	"testing"
	"time"
)

// drawNothing is a supply that has ended.
func drawNothing(uint64, time.Duration) prepared { return prepared{} }

// TestFlightsAgainstMap takes flights in random order and compares with a plain
// map, stragglers far behind included.
func TestFlightsAgainstMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 0))
	fs := newFlights(4, share{of: 1}, drawNothing, nil)
	out := map[uint64]time.Duration{}
	var next uint64
	var due time.Duration
	for range 20_000 {
		if rng.IntN(2) == 0 || len(out) == 0 {
			due += time.Duration(rng.IntN(3)) // equal ones too
			fs.begin(due)
			out[next] = due
			next++
			continue
		}
		for seq, want := range out { // a random one
			if f := fs.find(seq); f == nil || f.seq != seq || f.due != want {
				t.Fatalf("find(%d) = %+v, want due %d", seq, f, want)
			}
			f, settled := fs.take(seq)
			delete(out, seq)
			oldest := due
			for _, d := range out {
				oldest = min(oldest, d)
			}
			if f.due != want || settled != oldest {
				t.Fatalf("take(%d) = due %d, settled %d; want %d, %d", seq, f.due, settled, want, oldest)
			}
			break
		}
	}
	if left := fs.left(); len(left) != len(out) {
		t.Errorf("%d left, want %d", len(left), len(out))
	}
}

// TestFlightsStayFew checks that memory follows what is outstanding, not what
// went by.
func TestFlightsStayFew(t *testing.T) {
	fs := newFlights(8, share{of: 1}, drawNothing, nil)
	for k := range uint64(100_000) {
		fs.begin(time.Duration(k))
		if k >= 8 {
			fs.take(k - 8)
		}
	}
	if len(fs.ring) != 64 || len(fs.free) > 9 {
		t.Errorf("ring of %d with %d free flights after 100,000, want 64 and at most 9", len(fs.ring), len(fs.free))
	}
}
