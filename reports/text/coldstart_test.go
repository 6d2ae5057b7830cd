package text_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/reports/stats/statstest"
)

// A start without a right first answer does not vanish from the cold starts.
func TestStartWithoutAnswerIsShown(t *testing.T) {
	unanswer := func(rounds ...int) func(*record.Run) {
		return func(r *record.Run) {
			for _, round := range rounds {
				d := &r.Targets[1].Deployments[round-1]
				d.FirstAnswerError = "status 404"
				d.Stages = []record.Stage{{Name: "ready", At: 987 * time.Millisecond}}
			}
		}
	}
	for n, want := range [][]int{{2}, {1, 2, 3}} {
		got := read(t, statstest.Compare(), unanswer(want...))
		if !strings.Contains(got, "its first answer was not right: status 404") || !strings.Contains(got, "FAILED") {
			t.Error(got)
		}
		if counted := fmt.Sprintf("  %d       %d\n", 3-len(want), len(want)); !strings.Contains(got, counted) {
			t.Errorf("%d: no %q in\n%s", n, counted, got)
		}
	}
}

// Every phase that is left out is named.
func TestEveryUnmeasuredPhaseIsNamed(t *testing.T) {
	p := statstest.Compare()
	second := p.Phases[0]
	second.Name = "fill caches"
	p.Phases = append(p.Phases, second)
	if got := strings.Join(strings.Fields(read(t, p, func(*record.Run) {})), " "); !strings.Contains(got, "; warm-up, fill caches left out.") {
		t.Error(got)
	}
}
