package html_test

import (
	"strings"
	"testing"

	"servebench/reports/record/recordtest"
)

func abPage(t *testing.T, p recordtest.Plan) string {
	t.Helper()
	a := analyse(t, p)
	return words(render(t, a))
}

// The page begins with the verdict on the candidate, then says what it rests on and
// what the two servers are.
func TestABTests(t *testing.T) {
	page := abPage(t, recordtest.Slower())
	inOrder(t, page, "FAIL", "The candidate is 19.1 % slower at p50 [+16.9, +20.7] %", "decided after 11 of 30 rounds",
		"Candidate against baseline", "p50 | FAIL | 825 µs | 986 µs | +19.1 %", "Significantly worse", "errors | PASS | 0 % | 0 %",
		"Results", "Candidate against baseline, round by round", "interim analysis at round 11",
		"What differs", "commit | 4f1d2c9 | 9e0b774", "in common", "build | make build | make build", "Diagnostics")
	for _, not := range []string{"would settle it", "The scenario sets no limits", "Limits"} {
		if strings.Contains(page, not) {
			t.Errorf("the page says %q", not)
		}
	}
}

func TestABThatIsUndecidedSaysWhatToDo(t *testing.T) {
	inOrder(t, abPage(t, recordtest.Undecided()), "INCONCLUSIVE", "not decided after 30 of 30 rounds",
		"If the estimate and the spread stay", "rounds in all would settle it", "servebench ab --continue", "p50 | ")
}

func TestABThatIsNotBelieved(t *testing.T) {
	p := recordtest.Slower()
	p.Targets[0].Late = 100
	inOrder(t, abPage(t, p), "INVALID", "The figures below are not results", "Candidate against baseline", "p50 | ", "INVALID", "They are not results")
}

func TestOfNoABNothingIsSaid(t *testing.T) {
	if page := words(render(t, analyse(t, recordtest.Compare()))); strings.Contains(page, "andidate") {
		t.Error("an ordinary run has a candidate")
	}
}
