package sentence

import (
	"testing"
	"time"

	"servebench/reports/record"
)

// Loads are worded as what they are.
func TestLoads(t *testing.T) {
	for want, p := range map[string]record.Phase{
		"poisson arrivals, 200/s for 5 s, open loop":                          {Arrivals: "poisson", Rate: 200, Duration: 5 * time.Second, Open: true},
		"ramp, 150/s on average for 20 s, open loop":                          {Arrivals: "ramp", Rate: 150, Duration: 20 * time.Second, Open: true},
		"steps from 100/s to 400/s for 8 s, open loop":                        {Arrivals: "steps", Rate: 250, Duration: 8 * time.Second, Open: true, Steps: []record.Step{{Rate: 100}, {Rate: 400}}},
		"spike from 100/s to 900/s for 9 s, open loop":                        {Arrivals: "spike", Rate: 250, Duration: 9 * time.Second, Open: true, Steps: []record.Step{{Rate: 100}, {Rate: 900}, {Rate: 100}}},
		"concurrency 1 for 10 s, closed loop":                                 {Concurrency: 1, Duration: 10 * time.Second},
		"concurrency 16 for 10 s, think time 10 ms, exponential, closed loop": {Concurrency: 16, Duration: 10 * time.Second, Think: "10 ms, exponential"},
	} {
		if got := load(p); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
