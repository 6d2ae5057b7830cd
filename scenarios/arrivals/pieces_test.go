package arrivals

import (
	"servebench/reports/record"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestPiecesHoldTheirArrivals checks that no seed moves arrivals from one step to
// another.
func TestPiecesHoldTheirArrivals(t *testing.T) {
	for _, m := range []struct {
		process string
		config  Config
		want    []record.Step
	}{
		{"steps", Config{Rate: 100, To: 400, Steps: 4, Duration: 8 * time.Second}, []record.Step{
			{Start: 0, Duration: 2 * time.Second, Rate: 100}, {Start: 2 * time.Second, Duration: 2 * time.Second, Rate: 200}, {Start: 4 * time.Second, Duration: 2 * time.Second, Rate: 300}, {Start: 6 * time.Second, Duration: 2 * time.Second, Rate: 400},
		}},
		{"steps", Config{Rate: 300, To: 100, Steps: 2, Duration: 2 * time.Second}, []record.Step{{Start: 0, Duration: time.Second, Rate: 300}, {Start: time.Second, Duration: time.Second, Rate: 100}}},
		{"spike", Config{Rate: 100, To: 900, Duration: 5 * time.Second, At: 2 * time.Second, For: time.Second}, []record.Step{
			{Start: 0, Duration: 2 * time.Second, Rate: 100}, {Start: 2 * time.Second, Duration: time.Second, Rate: 900}, {Start: 3 * time.Second, Duration: 2 * time.Second, Rate: 100},
		}},
		{"spike", Config{Rate: 100, To: 900, Duration: 3 * time.Second, At: 2 * time.Second, For: time.Second}, []record.Step{
			{Start: 0, Duration: 2 * time.Second, Rate: 100}, {Start: 2 * time.Second, Duration: time.Second, Rate: 900},
		}},
	} {
		l := newProcess(t, m.process, m.config)
		if diff := cmp.Diff(m.want, l.Shape().Steps); diff != "" {
			t.Errorf("%s: steps (-want +got):\n%s", m.process, diff)
		}
		for seed := range uint64(20) {
			got := slices.Collect(l.Arrivals(rng(seed)))
			for _, step := range m.want {
				first, _ := slices.BinarySearch(got, step.Start)
				end, _ := slices.BinarySearch(got, step.Start+step.Duration)
				if want := int(step.Rate * step.Duration.Seconds()); end-first != want {
					t.Errorf("%s, seed %d: %d arrivals from %v on, want %d", m.process, seed, end-first, step.Start, want)
				}
			}
		}
	}
}

// TestSpikeWithinASecond has no steps that a record by the second could tell
// apart.
func TestSpikeWithinASecond(t *testing.T) {
	l := newProcess(t, "spike", Config{Rate: 100, To: 900, Duration: 5 * time.Second, At: 2 * time.Second, For: 200 * time.Millisecond})
	if steps := l.Shape().Steps; steps != nil {
		t.Errorf("steps %v, want none", steps)
	}
}
