package scaling

import (
	"math"
	"testing"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"

	"github.com/google/go-cmp/cmp"
)

const (
	s  = time.Second
	ms = time.Millisecond
)

// analysed are the trials of the synthetic run, by target.
func analysed(t *testing.T, plan recordtest.Plan) map[string]Trial {
	t.Helper()
	run := recordtest.Open(t, plan)
	cells, err := sample.Load(run)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]Trial{}
	for _, trial := range Analyse(run, cells, run.Scenario.SLO.P99) {
		all[trial.Target] = trial
	}
	return all
}

// shortened leaves out what is compared apart.
func shortened(t Trial) Trial {
	t.Replicas, t.Levels, t.Users, t.Supply = nil, nil, Users{}, nil
	return t
}

func at(d time.Duration) *time.Duration { return &d }

func TestTrialThatScales(t *testing.T) {
	got := analysed(t, recordtest.Scale())["kubernetes"]
	want := Trial{
		Target: "kubernetes", Phase: "scale", Round: 1, Observed: true, Rise: 10 * s, Fall: at(30 * s), Low: 100, High: 250,
		Before: 1, Most: 3, End: 1, Decided: at(4 * s), Reduced: at(11 * s), Back: at(12 * s),
	}
	if diff := cmp.Diff(want, shortened(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	levels := []Level{{-5 * s, 1, 0}, {-2 * s, 1, 1}, {14 * s, 3, 1}, {16 * s, 3, 2}, {16*s + 500*ms, 3, 3}, {41 * s, 1, 3}, {42 * s, 1, 2}, {42 * s, 1, 1}}
	if diff := cmp.Diff(levels, got.Levels); diff != "" {
		t.Errorf("levels (-want +got):\n%s", diff)
	}
	if made, ready := got.Started(); made != 2 || ready != 2 || len(got.Idle(45*s)) > 0 {
		t.Errorf("%d new replicas, %d ready, idle %v; want 2, 2, none", made, ready, got.Idle(45*s))
	}
	new1 := got.Replicas[1]
	if new1.First == nil || *new1.First < 6*s || *new1.First > 7*s+500*ms || new1.OK == 0 {
		t.Errorf("first answer of the new replica %v with %d answers, want soon after it was ready", new1.First, new1.OK)
	}
	new1.First, new1.OK = nil, 0
	if diff := cmp.Diff(Replica{ID: "replica-2", New: true, Created: at(4*s + 100*ms), Running: at(4*s + 800*ms), Ready: at(6 * s), Ended: at(32*s + 200*ms), Answers: true}, new1); diff != "" {
		t.Errorf("new replica (-want +got):\n%s", diff)
	}
	// One replica answers 150/s of 250/s until 6 s after the rise, so that 600 requests wait,
	// which three replicas, 450/s, work off in 3 s.
	u := got.Users
	if u.Recovered == nil || *u.Recovered < 7*s || *u.Recovered > 12*s || u.Over < 7*s || u.Over > 12*s || u.Failed != 0 || u.Late < 1200 || u.Due < 4700 || u.Due > 5300 {
		t.Errorf("users met %+v, recovered %v", u, u.Recovered)
	}
	// A replica bears 100/s as the record shows: 300/s take three, of which two were missing
	// for 6 s, and two were too many for 12 s after the fall.
	if diff := cmp.Diff(&Supply{Capacity: 100, Under: 12.5, Over: 24}, got.Supply); diff != "" {
		t.Errorf("supply (-want +got):\n%s", diff)
	}
}

func TestTrialThatNeverReacts(t *testing.T) {
	got := analysed(t, recordtest.Scale())["lambda"]
	if got.Decided != nil || got.Reduced != nil || got.Back != nil || got.Before != 1 || got.Most != 1 || !got.Observed {
		t.Errorf("%+v, want one replica all the while and no decision", shortened(got))
	}
	if u := got.Users; u.Recovered != nil || u.Over < 18*s {
		t.Errorf("users met %+v, want the limit broken to the end", u)
	}
}

func TestTargetThatTellsNothing(t *testing.T) {
	got := analysed(t, recordtest.Scale())["container"]
	if got.Observed || got.Supply != nil || got.Levels != nil || got.Replicas != nil || got.Users.Over < 18*s {
		t.Errorf("%+v, want what the users met alone", got)
	}
}

// TestReplicas puts events and answers together, by id and by address.
func TestReplicas(t *testing.T) {
	began := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	event := func(offset time.Duration, kind, id, address string) record.Event {
		return record.Event{At: began.Add(offset), Kind: kind, Replica: id, Address: address}
	}
	events := []record.Event{
		event(-60*s, record.EventReady, "before", ""), event(-30*s, record.EventEnded, "before", ""),
		event(-20*s, record.EventReady, "old", "10.0.0.1:80"),
		event(12*s, record.EventCreated, "new", ""), event(14*s, record.EventReady, "new", "10.0.0.2:80"),
		event(15*s, record.EventCreated, "idle", ""), event(16*s, record.EventReady, "idle", "10.0.0.3:80"),
		event(29*s, record.EventReady, "late", ""), event(31*s, record.EventCreated, "after", ""),
	}
	trial := Trial{Rise: 10 * s}
	cell := &sample.Cell{Cell: &record.Cell{Started: began, Span: 30 * s, Replicas: []record.Replica{
		{ID: "10.0.0.1:80", First: 1 * s, OK: 5}, {ID: "new", First: 15 * s, OK: 3, Failed: 1}, {ID: "stranger", First: 2 * s, OK: 1},
	}}}
	trial.Replicas = trial.replicasOf(cell, events)
	want := []Replica{
		{ID: "old", Ready: at(-30 * s), First: at(-9 * s), OK: 5, Answers: true},
		{ID: "new", New: true, Created: at(2 * s), Ready: at(4 * s), First: at(5 * s), OK: 3, Failed: 1, Answers: true},
		{ID: "idle", New: true, Created: at(5 * s), Ready: at(6 * s), Answers: true},
		{ID: "late", New: true, Ready: at(19 * s), Answers: true},
		{ID: "stranger", First: at(-8 * s), OK: 1, Answers: true},
	}
	if diff := cmp.Diff(want, trial.Replicas); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if idle := trial.Idle(30 * s); !cmp.Equal(idle, []string{"idle"}) {
		t.Errorf("idle: %v, want the one that was ready for long", idle)
	}
}

func TestSteps(t *testing.T) {
	step := func(start time.Duration, rate float64) record.Step { return record.Step{Start: start, Rate: rate} }
	for name, c := range map[string]struct {
		steps []record.Step
		want  Trial
	}{
		"none":            {nil, Trial{High: 7}},
		"up":              {[]record.Step{step(0, 1), step(5*s, 2), step(9*s, 3)}, Trial{Rise: 5 * s, Low: 1, High: 2}},
		"up and down":     {[]record.Step{step(0, 1), step(5*s, 3), step(9*s, 1)}, Trial{Rise: 5 * s, Fall: at(9 * s), Low: 1, High: 3}},
		"down, then up":   {[]record.Step{step(0, 2), step(5*s, 1), step(9*s, 3)}, Trial{Rise: 9 * s, Low: 1, High: 3}},
		"down throughout": {[]record.Step{step(0, 2), step(5*s, 1)}, Trial{High: 2}},
	} {
		got := Trial{High: 7}
		got.findSteps(c.steps)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestMeanReady(t *testing.T) {
	levels := []Level{{At: 1 * s, Ready: 1}, {At: 2 * s, Ready: 3}, {At: 2500 * ms, Ready: 2}}
	for _, c := range []struct {
		from, to time.Duration
		want     float64
	}{{0, 1 * s, 0}, {1 * s, 2 * s, 1}, {2 * s, 3 * s, 2.5}, {1 * s, 3 * s, 1.75}, {5 * s, 6 * s, 2}} {
		if got := meanReady(levels, c.from, c.to); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("from %v to %v: %v, want %v", c.from, c.to, got, c.want)
		}
	}
}
