package text_test

import (
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
	if got := read(t, statstest.Compare(), unanswer(2)); !strings.Contains(got, ", > 987 ") || !strings.Contains(got, "its first answer was not right: status 404") {
		t.Error(got)
	}
	if got := read(t, statstest.Compare(), unanswer(1, 2, 3)); !strings.Contains(got, " > 987 ") {
		t.Error(got)
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
