package capacity

import (
	"testing"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// TestLevelPoolsItsSteps: a rate breaks a limit by the requests of all its steps together, as in
// a search, whichever of them was played last.
func TestLevelPoolsItsSteps(t *testing.T) {
	step := func(requests, over int64) SearchStep {
		s := SearchStep{Ledger: record.Ledger{Sent: requests}, Window: time.Second, Responses: stat.Tally(nil).With(requests)}
		s.Over = []Over{{Limit: "p99", Share: float64(over) / float64(requests), Room: 0.01}, {Limit: "p50", Share: 0.1, Room: 0.5}}
		return s
	}
	ended := step(1000, 0)
	ended.Ended = "the server fell behind"
	for _, tt := range []struct {
		name  string
		steps []SearchStep
		broke bool
	}{
		{"one that holds", []SearchStep{step(1000, 9)}, false},
		{"one that breaks", []SearchStep{step(1000, 11)}, true},
		{"a long one that breaks, and a short one that holds", []SearchStep{step(2000, 30), step(1000, 5)}, true},
		{"a long one that holds, and a short one that breaks", []SearchStep{step(2000, 10), step(1000, 15)}, false},
		{"one that was ended, and one that holds", []SearchStep{ended, step(1000, 0)}, true},
	} {
		if l := newLevel(tt.steps, 0.99); l.Broke != tt.broke {
			t.Errorf("%s: %+v, want broke %t", tt.name, l, tt.broke)
		}
	}
}
