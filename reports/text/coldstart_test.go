package text_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/reports/record/recordtest"
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
		got := read(t, recordtest.Compare(), unanswer(want...))
		if !strings.Contains(got, "no right first answer: status 404") || !strings.Contains(got, "FAILED") {
			t.Error(got)
		}
		if counted := fmt.Sprintf("  %d       %d\n", 3-len(want), len(want)); !strings.Contains(got, counted) {
			t.Errorf("%d: no %q in\n%s", n, counted, got)
		}
	}
}

// Every phase that is left out is named.
func TestEveryUnmeasuredPhaseIsNamed(t *testing.T) {
	p := recordtest.Compare()
	second := p.Phases[0]
	second.Name = "fill caches"
	p.Phases = append(p.Phases, second)
	if got := strings.Join(strings.Fields(read(t, p, func(*record.Run) {})), " "); !strings.Contains(got, "Not measured: warm-up and fill caches.") {
		t.Error(got)
	}
}

// Without any start there is no table of starts, nor a word of one.
func TestNoHeadingWithoutStarts(t *testing.T) {
	p := recordtest.Running()
	p.Targets = p.Targets[1:]
	if got := read(t, p, func(*record.Run) {}); strings.Contains(got, "COLD START") || !strings.Contains(got, "endpoint: The server ran already") {
		t.Error(got)
	}
}

// The starts of discarded trials are among the starts, and the page says so.
func TestStartsOfDiscardedTrialsAreNamed(t *testing.T) {
	const note = "Starts of discarded trials are among them."
	if got := read(t, recordtest.Compare(), func(*record.Run) {}); strings.Contains(got, note) {
		t.Error(got)
	}
	got := read(t, recordtest.Compare(), func(r *record.Run) {
		for i, c := range r.Cells {
			if c.Round == 1 && c.Target == "physical" {
				r.Cells[i].Discarded = "late"
			}
		}
	})
	if !strings.Contains(got, note) {
		t.Error(got)
	}
}

// A run is VALID with more late requests than the threshold where chance explains
// them, which its line says.
func TestLateByChanceIsExplained(t *testing.T) {
	p := recordtest.Compare()
	p.Phases[1].Duration = time.Second
	for i := range p.Targets {
		p.Targets[i].Late = 6
	}
	got := strings.Join(strings.Fields(read(t, p, func(*record.Run) {})), " ")
	if !strings.Contains(got, "VALID achieved") || !strings.Contains(got, "% over 1 ms late (not beyond 1 % by more than chance)") {
		t.Error(got)
	}
}

// The limits of what is late are said where it is shown: of requests that left late, and of
// answers that came late.
func TestLimitsOfLateness(t *testing.T) {
	for want, p := range map[string]recordtest.Plan{
		"0 % over 1 ms late (limit 1 %)":                     recordtest.Compare(),
		"Late is a correct answer after more than 50 ms.":    recordtest.Failover(),
		"Late are right answers after the p99 limit, 100 ms": recordtest.Scale(),
	} {
		if got := strings.Join(strings.Fields(read(t, p, func(*record.Run) {})), " "); !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
}
