package html_test

import (
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
)

// A start without a right first answer does not vanish from the cold starts.
func TestStartWithoutAnswerIsShown(t *testing.T) {
	a := compare(t, 2, 3)
	a.Rows[1].Unanswered = []time.Duration{987 * time.Millisecond}
	d := &a.Run.Targets[1].Deployments[1]
	d.FirstAnswerError, d.Stages = "status 404", []record.Stage{{Name: "ready", At: 987 * time.Millisecond}}
	text := words(render(t, a))
	for _, want := range []string{"1 start without a right first answer: > 987 ms", "no right first answer"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	a.Rows[1].ColdStarts = nil
	if text := words(render(t, a)); !strings.Contains(text, "> 987 ms") {
		t.Error("the page does not say how long the start took at least")
	}
}
