package arrivals

import (
	"testing"
	"time"
)

// TestConstantDoesNotDrift checks gaps that no integer number of nanoseconds
// holds against exact integer arithmetic, a whole day long.
func TestConstantDoesNotDrift(t *testing.T) {
	for _, rate := range []int64{1, 3, 7, 60, 1000} {
		l := newProcess(t, "constant", Config{Rate: float64(rate), Duration: 24 * time.Hour})
		var k int64
		for due := range l.Arrivals(rng(1)) {
			exact := time.Duration(k * int64(time.Second) / rate)
			if diff := due - exact; diff < -1 || diff > 1 {
				t.Fatalf("rate %d: arrival %d at %d ns, want %d ± 1", rate, k, due, exact)
			}
			if k++; k > 2_000_000 {
				break
			}
		}
	}
}
