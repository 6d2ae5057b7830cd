package trial

import (
	"strings"
	"testing"
	"time"

	"servebench/scenarios"
	"servebench/scenarios/decode"

	"github.com/google/go-cmp/cmp"
)

// set makes settings of KEY=VALUE.
func set(t *testing.T, texts ...string) []decode.Setting {
	t.Helper()
	var all []decode.Setting
	for _, text := range texts {
		s, err := decode.ParseSetting(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

func TestRunOfAClosedLoop(t *testing.T) {
	a := &fakeTarget{}
	runner, s := newRunner(t, a, &fakeTarget{}, set(t,
		"targets=[a]", "rounds=1", "load=[{name: c3, concurrency: 3, think: {mean: 5ms, distribution: constant}, duration: 300ms}]")...)
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	phase := run.Scenario.Phases[0]
	if phase.Open || phase.Concurrency != 3 || phase.Think != "5 ms, constant" || phase.Arrivals != "" || phase.Rate != 0 {
		t.Errorf("phase %+v, want a closed loop of 3 workers", phase)
	}
	cell := run.Cells[0]
	if l := cell.Ledger; l.Sent == 0 || l.OK != l.Sent || l.Sent > 3*61 {
		t.Errorf("ledger %+v, want at most 3 workers that think for 5 ms in 300 ms", l)
	}
	if cell.Instrument.WorkerCap != 3 || cell.Instrument.Workers > 3 {
		t.Errorf("%d of %d requests in flight, want at most one for each worker", cell.Instrument.Workers, cell.Instrument.WorkerCap)
	}
}

// TestAbortedPhaseEndsItsTrial wants the phases after it left out, and the other
// trials to go on, without an error.
func TestAbortedPhaseEndsItsTrial(t *testing.T) {
	runner, s := newRunner(t, &fakeTarget{}, &fakeTarget{}, set(t, "rounds=1", "abort_on={p99: 1ns, for: 1s}",
		"load=[{name: first, rate: 100, duration: 20s, measure: false}, {name: second, rate: 100, duration: 1s}]")...)
	var notes []string
	runner.Observe = func(e Event) { notes = append(notes, e.Note) }
	began := time.Now()
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	if len(run.Cells) != 2 {
		t.Fatalf("%d cells, want the first phase on each target", len(run.Cells))
	}
	for _, cell := range run.Cells {
		if cell.Phase != "first" || !strings.Contains(cell.Aborted, "response time over 1ns") {
			t.Errorf("phase %s of %s ended %q", cell.Phase, cell.Target, cell.Aborted)
		}
	}
	if text := strings.Join(notes, "\n"); strings.Count(text, "phase first ended early, and what was to come after it is left out") != 2 {
		t.Errorf("notes\n%s", text)
	}
}

func TestThinkTimes(t *testing.T) {
	s := &session{scenario: &scenarios.Scenario{Seed: 7}}
	draw := func(distribution string, round int) []time.Duration {
		next := s.thinkTimes(&scenarios.Think{Mean: 10 * time.Millisecond, Distribution: distribution}, round, 0)
		times := make([]time.Duration, 10_000)
		for i := range times {
			times[i] = next()
		}
		return times
	}
	mean := func(times []time.Duration) (sum time.Duration) {
		for _, d := range times {
			sum += d
		}
		return sum / time.Duration(len(times))
	}
	if s.thinkTimes(nil, 0, 0) != nil {
		t.Error("workers think without being told to")
	}
	if got := mean(draw(scenarios.ConstantThink, 1)); got != 10*time.Millisecond {
		t.Errorf("constant think times have the mean %v", got)
	}
	first := draw(scenarios.ExponentialThink, 1)
	// Five standard errors of the mean of an exponential distribution.
	if got := mean(first); got < 9500*time.Microsecond || got > 10500*time.Microsecond {
		t.Errorf("exponential think times have the mean %v", got)
	}
	if !cmp.Equal(first, draw(scenarios.ExponentialThink, 1)) || cmp.Equal(first, draw(scenarios.ExponentialThink, 2)) {
		t.Error("think times follow from seed and round, and from nothing else")
	}
}
