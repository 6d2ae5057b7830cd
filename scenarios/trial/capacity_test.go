package trial

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/decode"
)

// scripted asks for the steps, on every target.
func scripted(steps ...record.SearchStep) NextStep {
	return func(run *record.Run, target string) (record.Upcoming, bool, error) {
		n := 0
		for _, s := range run.Capacity.Steps {
			if s.Target == target {
				n++
			}
		}
		if n == len(steps) {
			return record.Upcoming{}, false, nil
		}
		next := record.Upcoming{SearchStep: steps[n]}
		for _, s := range steps[n:] {
			next.Most = next.Most.Plus(record.Ahead{Steps: 1, Load: s.Settle + s.Duration})
		}
		return next, true, nil
	}
}

func probing(rate float64) record.SearchStep {
	return record.SearchStep{Kind: record.Probe, Rate: rate, Settle: 50 * time.Millisecond, Duration: 200 * time.Millisecond}
}

func certifying(rate float64, attempt, part int) record.SearchStep {
	s := probing(rate)
	s.Kind, s.Attempt, s.Part = record.Certify, attempt, part
	return s
}

func TestCapacityPlaysWhatIsAskedFor(t *testing.T) {
	a, b := &fakeTarget{}, &fakeTarget{}
	runner, s := newRunner(t, a, b)
	run, err := runner.Capacity(t.Context(), s, record.Capacity{Most: 1000},
		scripted(probing(50), probing(100), probing(100), certifying(90, 1, 1), certifying(80, 2, 1), certifying(80, 2, 2)))
	if err != nil {
		t.Fatal(err)
	}
	back, err := record.Open(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if back.Capacity == nil || back.Capacity.From == 0 || len(back.Capacity.Steps) != 12 || back.Interrupted != "" || len(back.Faults) > 0 {
		t.Fatalf("recorded %+v, interrupted %q, faults %v", back.Capacity, back.Interrupted, back.Faults)
	}
	if a.deployed != 6 || b.deployed != 6 || a.alive+b.alive != 0 {
		t.Errorf("%d and %d deployments, %d of them left; want a fresh server for each of 6 steps", a.deployed, b.deployed, a.alive+b.alive)
	}
	var measured []string
	for _, c := range back.Cells {
		step := back.Capacity.Steps[c.Round-1]
		if step.Target != c.Target || c.Offered < 0.5*step.Rate || c.Offered > 1.5*step.Rate || c.Ledger.OK == 0 {
			t.Errorf("cell %s of %s in round %d: %g/s and %d right answers, of step %+v", c.Phase, c.Target, c.Round, c.Offered, c.Ledger.OK, step)
		}
		if c.Measured {
			measured = append(measured, c.Target+" "+c.Phase)
		}
	}
	if want := []string{"a certify-80", "a certify-80", "b certify-80", "b certify-80"}; !slices.Equal(measured, want) {
		t.Errorf("measured %q, want %q", measured, want)
	}
	for _, p := range back.Scenario.Phases {
		if p.Measured != (p.Name == "certify-80") {
			t.Errorf("phase %s: measured %t", p.Name, p.Measured)
		}
	}
}

func TestCapacityRerunsDisturbedSteps(t *testing.T) {
	a, b := &fakeTarget{}, &fakeTarget{}
	runner, s := newRunner(t, a, b, decode.Setting{Key: "reruns", Value: "2"}, decode.Setting{Key: "targets", Value: "[a]"})
	runner.Diagnose = func(_ *record.Run, trial record.Trial) (string, error) {
		if trial.Round == 1 && trial.Attempt == 0 || trial.Round == 2 {
			return "it was late", nil
		}
		return "", nil
	}
	run, err := runner.Capacity(t.Context(), s, record.Capacity{From: 10, Most: 1000}, scripted(probing(50), probing(100)))
	if err != nil {
		t.Fatal(err)
	}
	steps := run.Capacity.Steps
	if len(steps) != 2 || steps[0].Disturbed != "" || steps[1].Disturbed != "it was late" || a.deployed != 4 {
		t.Errorf("steps %+v in %d deployments, want one that was rerun, and one that is disturbed after 2 reruns in all", steps, a.deployed)
	}
}

// TestCapacityGivesUp: a step that is disturbed three times in a row is so for more than a
// passing reason. The next target has the reruns that are left.
func TestCapacityGivesUp(t *testing.T) {
	a, b := &fakeTarget{}, &fakeTarget{}
	runner, s := newRunner(t, a, b, decode.Setting{Key: "reruns", Value: "10"})
	runner.Diagnose = func(_ *record.Run, trial record.Trial) (string, error) {
		if trial.Target == "a" {
			return "it was late", nil
		}
		return "", nil
	}
	var notes []string
	runner.Observe = func(e Event) {
		if e.Note != "" {
			notes = append(notes, e.Note)
		}
	}
	run, err := runner.Capacity(t.Context(), s, record.Capacity{From: 10, Most: 1000}, scripted(probing(50)))
	if err != nil {
		t.Fatal(err)
	}
	steps := run.Capacity.Steps
	if len(steps) != 2 || steps[0].Disturbed != "it was late" || steps[1].Disturbed != "" || a.deployed != 3 || b.deployed != 1 {
		t.Errorf("steps %+v in %d and %d deployments, want a disturbed one in 3 and another in 1", steps, a.deployed, b.deployed)
	}
	if want := "a: the search ends, with 8 of 10 reruns left, since 3 trials in a row were disturbed: it was late"; !slices.Contains(notes, want) {
		t.Errorf("notes %q, want %q", notes, want)
	}
}

// TestCapacityRerunsRemovedServers: a server that somebody removes tells nothing of the rate.
func TestCapacityRerunsRemovedServers(t *testing.T) {
	for _, tt := range []struct {
		removed   map[int]int
		disturbed string
		deployed  int
	}{
		{map[int]int{1: 5}, "", 2},
		{map[int]int{1: 5, 2: 5}, "the server was removed in phase", 2},
	} {
		a := &fakeTarget{removed: tt.removed}
		runner, s := newRunner(t, a, &fakeTarget{}, decode.Setting{Key: "reruns", Value: "1"}, decode.Setting{Key: "targets", Value: "[a]"})
		run, err := runner.Capacity(t.Context(), s, record.Capacity{Most: 1000}, scripted(probing(100)))
		if err != nil {
			t.Fatal(err)
		}
		steps := run.Capacity.Steps
		if len(steps) != 1 || !strings.HasPrefix(steps[0].Disturbed, tt.disturbed) || (steps[0].Disturbed == "") != (tt.disturbed == "") || strings.Contains(steps[0].Disturbed, "\n") || a.deployed != tt.deployed {
			t.Errorf("steps %+v in %d deployments, want one in %d that is disturbed by %q", steps, a.deployed, tt.deployed, tt.disturbed)
		}
	}
}

// TestCapacityEndsAStepWhoseServerIsBehind: a server that answers no more is not sent the
// rest of a step.
func TestCapacityEndsAStepWhoseServerIsBehind(t *testing.T) {
	inner, err := handler(creditModel(t))
	if err != nil {
		t.Fatal(err)
	}
	stuck := make(chan struct{})
	var asked atomic.Int64
	a := &fakeTarget{answers: func(rw http.ResponseWriter, r *http.Request) {
		if n := asked.Add(1); n == 21 { // what is in flight at the end is waited for
			time.AfterFunc(5*time.Second, func() { close(stuck) })
		} else if n > 21 {
			<-stuck
		}
		inner.ServeHTTP(rw, r)
	}}
	runner, s := newRunner(t, a, &fakeTarget{}, decode.Setting{Key: "targets", Value: "[a]"}, decode.Setting{Key: "slo.p99", Value: "20ms"})
	step := probing(400)
	step.Duration = 30 * time.Second
	run, err := runner.Capacity(t.Context(), s, record.Capacity{Most: 1000}, scripted(step))
	if err != nil {
		t.Fatal(err)
	}
	last := run.Cells[len(run.Cells)-1]
	if len(run.Capacity.Steps) != 1 || last.Aborted == "" || last.Window > 10*time.Second {
		t.Errorf("%+v, of which %v was sent, ended by %q", run.Capacity.Steps, last.Window, last.Aborted)
	}
}

func TestCapacityNeedsAnOpenLoop(t *testing.T) {
	runner, s := newRunner(t, &fakeTarget{}, &fakeTarget{})
	for i := range s.Load {
		s.Load[i].Measure = false
	}
	_, err := runner.Capacity(t.Context(), s, record.Capacity{}, scripted())
	if err == nil || !strings.Contains(err.Error(), "open loop") {
		t.Errorf("%v", err)
	}
}

func TestCapacityEndsWhereTheSearchFails(t *testing.T) {
	runner, s := newRunner(t, &fakeTarget{}, &fakeTarget{})
	run, err := runner.Capacity(t.Context(), s, record.Capacity{}, func(*record.Run, string) (record.Upcoming, bool, error) {
		return record.Upcoming{}, false, errors.New("no log")
	})
	if err == nil || run == nil || len(run.Faults) != 1 {
		t.Errorf("%v, %+v", err, run)
	}
}

// TestCapacityFromElsewhere has each step's load made by another process, at the step's rate
// whatever variable the scenario has its own from.
func TestCapacityFromElsewhere(t *testing.T) {
	there := &fakeTarget{}
	runner, s := newRunner(t, &fakeTarget{}, there, decode.Setting{Key: "targets", Value: "[b]"})
	runner.Catalogue.Environment = func(string) (string, bool) { return "7", true }
	s.Written = map[string]string{"load[1].rate": "${RATE}"}
	there.fromElsewhere(runner, nil)
	run, err := runner.Capacity(t.Context(), s, record.Capacity{Most: 1000}, scripted(probing(50), probing(100)))
	if err != nil {
		t.Fatal(err)
	}
	var offered []float64
	for _, c := range run.Cells {
		if !strings.HasPrefix(c.Phase, record.SettlePrefix) {
			offered = append(offered, c.Offered)
		}
		if c.Ledger.OK == 0 || c.Ledger.OK != c.Ledger.Scheduled {
			t.Errorf("%s: %+v", c.Phase, c.Ledger)
		}
	}
	if len(offered) != 2 || offered[0] < 25 || offered[1] < 50 {
		t.Errorf("offered %v, want about 50 and 100", offered)
	}
}

// TestContinueCapacity stops a search in its fifth step: the four before it stay, and it is
// played again.
func TestContinueCapacity(t *testing.T) {
	a, b := &fakeTarget{}, &fakeTarget{}
	runner, s := newRunner(t, a, b)
	next := scripted(probing(50), probing(100), certifying(90, 1, 1))
	stopping, stop := *runner, make(chan struct{})
	stopping.Stop = stop
	begun := 0
	stopping.Observe = func(e Event) {
		if e.Phase == "" && e.Note == "" {
			planned := time.Duration(6-begun) * 250 * time.Millisecond
			if begun++; !e.Search || e.Round != begun || e.Left < planned {
				t.Errorf("event %+v, want step %d of a search with at least %v left", e, begun, planned)
			}
		}
		if e.Phase == "probe-100-5" {
			stop = closeOnce(stop)
		}
	}
	run, err := stopping.Capacity(t.Context(), s, record.Capacity{Most: 1000}, next)
	if err != nil || run.Interrupted == "" || len(run.Capacity.Steps) != 4 {
		t.Fatalf("interrupted %q after %d steps, %v", run.Interrupted, len(run.Capacity.Steps), err)
	}
	again, err := runner.ContinueCapacity(t.Context(), run.Dir, s, next)
	if err != nil {
		t.Fatal(err)
	}
	var played []string
	for _, step := range again.Capacity.Steps {
		played = append(played, fmt.Sprintf("%s %s %g", step.Target, step.Kind, step.Rate))
	}
	want := []string{"a probe 50", "a probe 100", "a certify 90", "b probe 50", "b probe 100", "b certify 90"}
	if !slices.Equal(played, want) || again.Interrupted != "" || again.Finished.IsZero() || again.Capacity.Steps[4].Round != 6 || a.deployed+b.deployed != 7 {
		t.Errorf("played %q in %d deployments, interrupted %q; want %q", played, a.deployed+b.deployed, again.Interrupted, want)
	}
	for _, c := range again.Cells {
		if (c.Round == 5) != (c.Discarded == record.RoundInterrupted) {
			t.Errorf("round %d discarded: %q", c.Round, c.Discarded)
		}
	}
	again.Capacity.Steps[5].Disturbed = "it was late"
	saveRecord(t, again)
	if again, err = runner.ContinueCapacity(t.Context(), run.Dir, s, next); err != nil || len(again.Capacity.Steps) != 6 || again.Capacity.Steps[5].Disturbed != "" {
		t.Errorf("%v: a step that was disturbed is not played again: %+v", err, again.Capacity.Steps)
	}
	runner.Version = "another"
	if _, err := runner.ContinueCapacity(t.Context(), run.Dir, s, next); err == nil || !strings.Contains(err.Error(), "servebench has changed") {
		t.Errorf("continued by another servebench: %v", err)
	}
}

// closeOnce closes a channel that is not closed.
func closeOnce(stop chan struct{}) chan struct{} {
	if stop != nil {
		close(stop)
	}
	return nil
}

// saveRecord writes a run that was changed.
func saveRecord(t *testing.T, run *record.Run) {
	t.Helper()
	_, writer, err := record.Reopen(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(writer.Save(run), writer.Close()); err != nil {
		t.Fatal(err)
	}
}
