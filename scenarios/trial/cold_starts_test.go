package trial

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/decode"
)

// short makes the load of a test's scenario as short as it can be.
func short(set ...decode.Setting) []decode.Setting {
	return append([]decode.Setting{{Key: "load.warm-up.duration", Value: "20ms"}, {Key: "load.steady.duration", Value: "20ms"}}, set...)
}

// passes lists the rounds of a target's deployments.
func passes(t record.Target) []int {
	var all []int
	for _, d := range t.Deployments {
		all = append(all, d.Round)
	}
	return all
}

// TestColdStartsComeAfterTheLoad wants deployments with rounds of their own, which
// no cell has.
func TestColdStartsComeAfterTheLoad(t *testing.T) {
	a, b := &fakeTarget{}, &fakeTarget{}
	runner, s := newRunner(t, a, b, short(decode.Setting{Key: "cold_starts", Value: "3"})...)
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if run.Scenario.ColdStarts != 3 || run.Scenario.Rounds != 2 || len(run.Cells) != 8 {
		t.Errorf("cold starts %d, rounds %d, %d cells, want 3, 2 and 8", run.Scenario.ColdStarts, run.Scenario.Rounds, len(run.Cells))
	}
	for _, cell := range run.Cells {
		if cell.Round > 2 {
			t.Errorf("a cell of round %d, want those of the load alone", cell.Round)
		}
	}
	for _, target := range run.Targets {
		if got := passes(target); !slices.Equal(got, []int{1, 2, 3, 4, 5}) {
			t.Errorf("%s: deployments of rounds %v, want 1 to 5", target.Name, got)
		}
		for _, d := range target.Deployments {
			if d.Alone != (d.Round > 2) || d.Preparation != time.Second {
				t.Errorf("%s: round %d: alone %v, prepared in %v", target.Name, d.Round, d.Alone, d.Preparation)
			}
			if d.Stages[len(d.Stages)-1].Name != record.FirstAnswer {
				t.Errorf("%s: stages %v, want the first answer at their end", target.Name, d.Stages)
			}
		}
	}
	if a.alive != 0 || b.alive != 0 {
		t.Errorf("%d and %d deployments are still open", a.alive, b.alive)
	}
}

// TestColdStartsWithoutLoad makes deployments and nothing else, and shows how far
// they have come.
func TestColdStartsWithoutLoad(t *testing.T) {
	a, b := &fakeTarget{}, &fakeTarget{}
	runner, s := newRunner(t, a, b, decode.Setting{Key: "load", Value: "[]"}, decode.Setting{Key: "cold_starts", Value: "3"})
	var seen []Event
	runner.Observe = func(e Event) { seen = append(seen, e) }
	runner.Diagnose = func(*record.Run, record.Trial) (string, error) { return "there was no load to diagnose", nil }
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := record.Open(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if back.Scenario.Rounds != 0 || len(back.Scenario.Phases) != 0 || len(back.Cells) != 0 || back.Interrupted != "" {
		t.Errorf("rounds %d, phases %v, %d cells, interrupted %q, want nothing of it", back.Scenario.Rounds, back.Scenario.Phases, len(back.Cells), back.Interrupted)
	}
	for _, target := range back.Targets {
		if got := passes(target); !slices.Equal(got, []int{1, 2, 3}) {
			t.Errorf("%s: deployments of rounds %v, want 1 to 3", target.Name, got)
		}
	}
	if len(a.bodies) != 3 || len(seen) != 6 {
		t.Errorf("%d requests and %d events, want a first answer and an event per deployment", len(a.bodies), len(seen))
	}
	for i, e := range seen {
		if !e.Alone || e.Round != 1+i/2 || e.Rounds != 3 || e.Phase != "" || e.Left <= 0 {
			t.Errorf("event %d is %+v, want deployment %d of 3 with time left", i, e, 1+i/2)
		}
	}
	if again, err := scenarios.Parse("again", []byte(back.Scenario.Text), runner.Catalogue); err != nil || again.ColdStarts != 3 {
		t.Errorf("the resolved scenario gives %+v, %v", again, err)
	}
}

// TestColdStartsGoOnAfterAFault wants one deployment that fails to be told and kept,
// and all the others to be made.
func TestColdStartsGoOnAfterAFault(t *testing.T) {
	runner, s := newRunner(t, &fakeTarget{}, &fakeTarget{failing: 2}, decode.Setting{Key: "load", Value: "[]"}, decode.Setting{Key: "cold_starts", Value: "3"})
	run, err := runner.Run(t.Context(), s)
	var none *NotAvailableError
	if !errors.As(err, &none) || !strings.Contains(err.Error(), "b, deployment 2 for its start alone: deploy: out of luck") {
		t.Errorf("error %v, want a NotAvailableError that says which deployment", err)
	}
	failed := run.Targets[1].Deployments
	if len(run.Targets[0].Deployments) != 3 || len(failed) != 3 || failed[1].Failed != "out of luck" || !failed[1].Alone || failed[2].Failed != "" {
		t.Errorf("deployments %+v, want three each, of which one failed", run.Targets)
	}
	if len(run.Faults) != 1 || run.Faults[0].Target != "b" || run.Faults[0].Round != 2 {
		t.Errorf("faults %+v, want the one", run.Faults)
	}
}

func TestStopEndsTheColdStarts(t *testing.T) {
	a, b := &fakeTarget{}, &fakeTarget{}
	runner, s := newRunner(t, a, b, short(decode.Setting{Key: "cold_starts", Value: "9"})...)
	stop := make(chan struct{})
	var once sync.Once
	runner.Stop = stop
	runner.Observe = func(e Event) {
		if e.Alone && e.Round == 2 {
			once.Do(func() { close(stop) })
		}
	}
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(run.Interrupted, "in deployment 2 of 9") || a.alive != 0 || b.alive != 0 || a.closed != 1 || b.closed != 1 {
		t.Errorf("interrupted %q with %d and %d servers left and the targets closed %d and %d times, want the end in deployment 2, none and once", run.Interrupted, a.alive, b.alive, a.closed, b.closed)
	}
	if n := len(passes(run.Targets[0])); n != 3 && n != 4 {
		t.Errorf("%d deployments of a, want the two of the load and one or two more", n)
	}
}

// TestClock estimates a run of two trials of 10 s and four deployments alone.
func TestClock(t *testing.T) {
	c := clock{trials: 2, alone: 4, load: 10 * time.Second}
	want := func(what string, left time.Duration) {
		t.Helper()
		if got, likely := c.left(0); got != left || likely != left {
			t.Errorf("%s: %v left, want %v", what, got, left)
		}
	}
	want("at first", 26*time.Second)
	c.played = 10 * time.Second
	c.endTrial(13 * time.Second)
	want("after a trial with 3 s beside the load", 25*time.Second)
	c.played = 10 * time.Second
	c.endTrial(13 * time.Second)
	want("after all load", 12*time.Second)
	for range 4 {
		c.endTrial(3 * time.Second)
	}
	want("at the end", 0)
}

// TestClockOfASearch estimates steps of 10 s, 20 s and 40 s, of which the last is played on
// another target.
func TestClockOfASearch(t *testing.T) {
	var c clock
	for _, step := range []struct {
		load          time.Duration
		later         record.Ahead
		took          time.Duration
		left, halfway time.Duration
	}{
		{10 * time.Second, record.Ahead{Steps: 2, Load: 60 * time.Second}, 13 * time.Second, 73 * time.Second, 68 * time.Second}, // 1 s beside the load of each
		{20 * time.Second, record.Ahead{Steps: 1, Load: 40 * time.Second}, 21 * time.Second, 66 * time.Second, 56 * time.Second}, // 3 s
		{40 * time.Second, record.Ahead{}, 42 * time.Second, 42 * time.Second, 22 * time.Second},                                 // 2 s in the mean
	} {
		c.trials, c.load, c.later, c.likely = 1, step.load, step.later, record.Ahead{Load: step.later.Load / 2, Steps: step.later.Steps}
		if got, likely := c.left(0); got != step.left || likely != step.left-step.later.Load/2 {
			t.Errorf("before a step of %v: %v left, want %v", step.load, got, step.left)
		}
		if got, _ := c.left(step.load / 2); got != step.halfway {
			t.Errorf("halfway in a step of %v: %v left, want %v", step.load, got, step.halfway)
		}
		c.played = step.load
		c.endTrial(step.took)
	}
	if got, _ := c.left(0); got != 0 {
		t.Errorf("%v left after the last step, want none", got)
	}
}
