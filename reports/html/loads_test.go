package html_test

import (
	"strings"
	"testing"

	"servebench/reports/record/recordtest"
)

// page is the text of the page of a plan's run.
func page(t *testing.T, p recordtest.Plan) string {
	t.Helper()
	a := analyse(t, p)
	return words(render(t, a))
}

func TestStepsAreShown(t *testing.T) {
	inOrder(t, page(t, recordtest.Stress()), "container held 400/s, broke at 600/s", "Where it broke", "Steps from 200/s to 800/s", "Steps",
		"A target broke in the first step in which the load was ended", "800/s", "container: Held 400/s, broke at 600/s")
}

// A load that was ended is said to have been, with what was never due.
func TestEndedLoadIsShown(t *testing.T) {
	inOrder(t, page(t, recordtest.Stress()), "sent ÷ scheduled", "the load was ended", "not due", "9,679", "ended before its time",
		"container Ended after", "of 16 s in rounds 1, 2, 3: abort_on: ", "were not due")
}

func TestThroughputIsShown(t *testing.T) {
	inOrder(t, page(t, recordtest.Saturate()), "at most", "concurrency 8", "Results", "closed loop", "Highest throughput",
		"highest", "within 5 % of it from concurrency 4 on", "floor", "Closed loop: each worker waits")
}

func TestClassesAreShown(t *testing.T) {
	inOrder(t, page(t, recordtest.Mixed()), "Results", "within 50 ms", "Classes of request", "small", "big")
}

// A run that was not begun says which rule and what to do before anything else.
func TestRefusalComesFirst(t *testing.T) {
	got := page(t, recordtest.Refused())
	inOrder(t, got, "INVALID", "Nothing was sent", "A concurrency of 500 needs 532", "descriptors: expected ≥ 532", "ulimit -n 532")
	if strings.Contains(got, "NO RESULT") {
		t.Error("a run that was refused is said to have no result")
	}
}

// Where there is no model, the page does not speak of predictions.
func TestJudgedByStatus(t *testing.T) {
	got := page(t, recordtest.ByStatus())
	inOrder(t, got, "answered with the expected status at 4", "Answers were judged by their status")
	for _, noise := range []string{"agreement", "not checked)", "correct answers"} {
		if strings.Contains(got, noise) {
			t.Errorf("the page says %q", noise)
		}
	}
}
