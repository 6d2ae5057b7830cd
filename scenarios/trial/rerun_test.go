package trial

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/decode"

	"github.com/google/go-cmp/cmp"
)

// disturbing disturbs the trials of its list.
func disturbing(trials ...record.Trial) func(*record.Run, record.Trial) (string, error) {
	return func(_ *record.Run, v record.Trial) (string, error) {
		if slices.Contains(trials, v) {
			return "the clock was struck", nil
		}
		return "", nil
	}
}

// told says which trials have cells, and which of them were discarded: "a1",
// "a1 discarded", "a1.1".
func told(run *record.Run) (planned, again []string) {
	for _, c := range run.Cells {
		if !c.Measured {
			continue
		}
		text := fmt.Sprintf("%s%d", c.Target, c.Round)
		if c.Attempt > 0 {
			text += fmt.Sprintf(".%d", c.Attempt)
		}
		if c.Discarded != "" {
			text += " discarded"
		}
		if c.Attempt > 0 {
			again = append(again, text)
		} else {
			planned = append(planned, text)
		}
	}
	slices.Sort(planned) // the order of the targets follows from the seed
	slices.Sort(again)
	return planned, again
}

// TestDisturbedTrialsAreRerun disturbs some trials and wants them alone to be
// discarded and rerun.
func TestDisturbedTrialsAreRerun(t *testing.T) {
	trial := func(target string, round, attempt int) record.Trial {
		return record.Trial{Target: target, Round: round, Attempt: attempt}
	}
	all := []record.Trial{trial("a", 1, 0), trial("a", 2, 0), trial("b", 1, 0), trial("b", 2, 0)}
	for _, tc := range []struct {
		name      string
		reruns    string
		disturbed []record.Trial
		planned   []string
		again     []string
	}{
		{"none", "5", nil, []string{"a1", "a2", "b1", "b2"}, nil},
		{"one", "5", all[:1], []string{"a1 discarded", "a2", "b1", "b2"}, []string{"a1.1"}},
		{"two", "5", []record.Trial{all[3], all[0]}, []string{"a1 discarded", "a2", "b1", "b2 discarded"}, []string{"a1.1", "b2.1"}},
		{"the rerun too", "5", []record.Trial{all[0], trial("a", 1, 1)}, []string{"a1 discarded", "a2", "b1", "b2"}, []string{"a1.1 discarded", "a1.2"}},
		{"none left", "1", []record.Trial{all[0], trial("a", 1, 1)}, []string{"a1 discarded", "a2", "b1", "b2"}, []string{"a1.1"}},
		{"none", "0", all[:1], []string{"a1", "a2", "b1", "b2"}, nil},
		{"all but one", "5", all[:3], []string{"a1 discarded", "a2 discarded", "b1 discarded", "b2"}, []string{"a1.1", "a2.1", "b1.1"}},
		{"all of them: no passing reason", "5", all, []string{"a1", "a2", "b1", "b2"}, nil},
		{
			"three in a row: no passing reason either", "5", []record.Trial{all[0], all[1], trial("a", 1, 1), trial("a", 2, 1)},
			[]string{"a1 discarded", "a2", "b1", "b2"}, []string{"a1.1"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			runner, s := newRunner(t, &fakeTarget{}, &fakeTarget{}, short(decode.Setting{Key: "reruns", Value: tc.reruns})...)
			runner.Raw = true
			runner.Diagnose = disturbing(tc.disturbed...)
			run, err := runner.Run(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			planned, again := told(run)
			if diff := cmp.Diff(tc.planned, planned); diff != "" {
				t.Errorf("the plan's trials (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.again, again); diff != "" {
				t.Errorf("trials rerun (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOneRoundOfScalingIsRerun reruns what a single round was disturbed in, and not again and
// again, as far as it takes so long as one with scaling.
func TestOneRoundOfScalingIsRerun(t *testing.T) {
	trial := func(attempt int) record.Trial { return record.Trial{Target: "a", Round: 1, Attempt: attempt} }
	for _, tc := range []struct {
		scaling        *record.Scaling
		disturbed      []record.Trial
		planned, again []string
	}{
		{&record.Scaling{Min: 1, Max: 2}, []record.Trial{trial(0)}, []string{"a1 discarded"}, []string{"a1.1"}},
		{&record.Scaling{Min: 1, Max: 2}, []record.Trial{trial(0), trial(1), trial(2)}, []string{"a1 discarded"}, []string{"a1.1"}},
		{nil, []record.Trial{trial(0)}, []string{"a1"}, nil},
	} {
		runner, s := newRunner(t, &fakeTarget{}, &fakeTarget{}, short(decode.Setting{Key: "targets", Value: "[a]"}, decode.Setting{Key: "rounds", Value: "1"})...)
		s.Scaling = tc.scaling
		runner.Raw = true
		runner.Diagnose = disturbing(tc.disturbed...)
		run, err := runner.Run(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		planned, again := told(run)
		if diff := cmp.Diff(tc.planned, planned) + cmp.Diff(tc.again, again); diff != "" {
			t.Errorf("%d disturbed trials (-want +got):\n%s", len(tc.disturbed), diff)
		}
	}
}

// TestRerunsAreTheSameTrial wants the same requests as the first time, and
// everybody to be told which trial it is.
func TestRerunsAreTheSameTrial(t *testing.T) {
	a := &fakeTarget{}
	runner, s := newRunner(t, a, &fakeTarget{}, short(decode.Setting{Key: "targets", Value: "[a]"})...)
	runner.Diagnose = disturbing(record.Trial{Target: "a", Round: 1})
	var note string
	var rerun []Event
	runner.Observe = func(e Event) {
		note += e.Note
		if e.Attempt > 0 {
			rerun = append(rerun, e)
		}
	}
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if want := "a, round 1 is discarded and rerun: the clock was struck"; note != want {
		t.Errorf("note %q, want %q", note, want)
	}
	each := len(a.bodies) / 3
	var trials []string
	for trial := range slices.Chunk(a.bodies, each) {
		slices.Sort(trial) // some are due within microseconds of each other
		trials = append(trials, strings.Join(trial, "\n"))
	}
	if len(trials) != 3 || trials[0] != trials[2] || trials[0] == trials[1] {
		t.Errorf("%d requests in %d trials, want those of the first round in the third trial", len(a.bodies), len(trials))
	}
	if got := passes(run.Targets[0]); !slices.Equal(got, []int{1, 2, 1}) || run.Targets[0].Deployments[2].Attempt != 1 {
		t.Errorf("deployments %+v, want the third to be the first round's again", run.Targets[0].Deployments)
	}
	for _, e := range rerun {
		if e.Attempt != 1 || e.Round != 1 || e.Rounds != 2 || e.Left <= 0 {
			t.Errorf("event %+v, want round 1 of 2 again with time left", e)
		}
	}
	if len(rerun) == 0 {
		t.Error("no event of the rerun")
	}
}

// TestRerunsAreInTheEstimate wants the time left to count the trials that still
// wait to be rerun.
func TestRerunsAreInTheEstimate(t *testing.T) {
	runner, s := newRunner(t, &fakeTarget{}, &fakeTarget{}, decode.Setting{Key: "targets", Value: "[a]"}, decode.Setting{Key: "rounds", Value: "3"})
	runner.Diagnose = disturbing(record.Trial{Target: "a", Round: 1}, record.Trial{Target: "a", Round: 2})
	var began []Event
	runner.Observe = func(e Event) {
		if e.Attempt > 0 && e.Phase == "" {
			began = append(began, e)
		}
	}
	if _, err := runner.Run(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	const load = 400 * time.Millisecond
	if len(began) != 2 || began[0].Round != 1 || began[0].Left < 2*load || began[1].Round != 2 || began[1].Left < load {
		t.Errorf("events %+v, want rounds 1 and 2 again, with the load of two trials and of one left", began)
	}
}

// TestRerunWhoseServerFails keeps what went wrong in the rerun, and where.
func TestRerunWhoseServerFails(t *testing.T) {
	runner, s := newRunner(t, &fakeTarget{failing: 3}, &fakeTarget{}, short()...)
	runner.Diagnose = disturbing(record.Trial{Target: "a", Round: 1})
	run, err := runner.Run(t.Context(), s)
	if err == nil || !strings.Contains(err.Error(), "a, round 1 again: deploy: out of luck") {
		t.Errorf("error %v, want it to name the rerun", err)
	}
	last := run.Targets[0].Deployments[2]
	if last.Round != 1 || last.Attempt != 1 || last.Failed != "out of luck" {
		t.Errorf("deployment %+v, want the failed rerun", last)
	}
}

// TestTrialsWithoutLoadAreNotBelieved: of a target that never came up nothing is
// known of the instrument, so that the other one's reason is no passing one.
func TestTrialsWithoutLoadAreNotBelieved(t *testing.T) {
	runner, s := newRunner(t, &fakeTarget{}, &fakeTarget{deploy: errors.New("no room")}, short()...)
	runner.Diagnose = disturbing(record.Trial{Target: "a", Round: 1}, record.Trial{Target: "a", Round: 2})
	run, _ := runner.Run(t.Context(), s)
	if _, again := told(run); len(again) != 0 {
		t.Errorf("%v rerun, want none", again)
	}
}

// TestStopInARerun ends the run in the rerun: the trial that it was played for
// stays discarded.
func TestStopInARerun(t *testing.T) {
	for _, tc := range []struct {
		name        string
		at          func(Event) bool
		interrupted string
	}{
		{"within", func(e Event) bool { return e.Attempt > 0 && e.Phase == "steady" }, "in phase steady of a in round 1 of 2 again"},
		{"as it begins", func(e Event) bool { return e.Note != "" }, "before phase warm-up of a in round 1 of 2 again"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			runner, s := newRunner(t, &fakeTarget{}, &fakeTarget{}, short(decode.Setting{Key: "targets", Value: "[a]"}, decode.Setting{Key: "load.steady.duration", Value: "300ms"})...)
			stop := make(chan struct{})
			var once sync.Once
			runner.Stop = stop
			runner.Diagnose = disturbing(record.Trial{Target: "a", Round: 1})
			runner.Observe = func(e Event) {
				if tc.at(e) {
					once.Do(func() { close(stop) })
				}
			}
			run, err := runner.Run(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			discarded := 0
			for _, c := range run.Cells {
				if c.Discarded != "" {
					discarded++
				}
			}
			if !strings.Contains(run.Interrupted, tc.interrupted) || discarded != 2 {
				t.Errorf("interrupted %q with %d cells discarded, want %q and the two of the trial", run.Interrupted, discarded, tc.interrupted)
			}
		})
	}
}

// TestStopBeforeARerun discards nothing that is not rerun.
func TestStopBeforeARerun(t *testing.T) {
	runner, s := newRunner(t, &fakeTarget{}, &fakeTarget{}, short(decode.Setting{Key: "targets", Value: "[a]"})...)
	stop := make(chan struct{})
	runner.Stop = stop
	runner.Diagnose = func(_ *record.Run, v record.Trial) (string, error) {
		if v.Round == 2 {
			close(stop)
			return "", nil
		}
		return "the clock was struck", nil
	}
	run, err := runner.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	planned, again := told(run)
	if diff := cmp.Diff([]string{"a1", "a2"}, planned); diff != "" || len(again) != 0 || run.Interrupted != "stopped before a in round 1 of 2 again" {
		t.Errorf("interrupted %q, %v rerun, the plan's trials (-want +got):\n%s", run.Interrupted, again, diff)
	}
}
