package scaling

import (
	"math"
	"slices"
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
	t.Replicas, t.Levels, t.Users, t.Supply, t.Removed = nil, nil, Users{}, nil, nil
	return t
}

func at(d time.Duration) *time.Duration { return &d }

func TestTrialThatScales(t *testing.T) {
	got := analysed(t, recordtest.Scale())["kubernetes"]
	want := Trial{
		Target: "kubernetes", Phase: "scale", Round: 1, Observed: true, Rise: 10 * s, Fall: at(30 * s), Low: 100, High: 250,
		Before: 1, Least: 1, Most: 3, End: 1, Decided: at(4 * s), Reduced: at(11 * s), Back: at(12 * s),
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

// TestSupplyIsBounded misses no more replicas than the scenario allows: what one bears is known
// from a low load alone.
func TestSupplyIsBounded(t *testing.T) {
	plan := recordtest.Scale()
	plan.Scaling.Max = 2
	if got := analysed(t, plan)["kubernetes"].Supply; got == nil || got.Under != 6 {
		t.Errorf("%+v, want one replica missing for 6 s", got)
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

// TestTargetWithoutReplicas takes no fault, and no restart of a target's only server, for news
// of replicas: nothing tells how many of them were ready before.
func TestTargetWithoutReplicas(t *testing.T) {
	began := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	of := func(offset time.Duration, kind string) record.Event {
		return record.Event{At: began.Add(offset), Kind: kind}
	}
	fault := record.Event{At: began.Add(35 * s), Kind: record.EventInjected, Fault: "process-kill", Replica: "a"}
	cell := &sample.Cell{Cell: &record.Cell{Started: began, Span: 50 * s, Window: 50 * s}}
	for name, events := range map[string][]record.Event{
		"a fault alone":    {fault},
		"killed, and back": {fault, of(35100*ms, record.EventEnded), of(35200*ms, record.EventRestarted), of(35300*ms, record.EventReady)},
		"crashed, and back": {
			of(-3*s, record.EventWarning), of(35*s, record.EventEnded), of(35200*ms, record.EventRestarted), of(35300*ms, record.EventReady),
		},
	} {
		got := newTrial(record.Phase{Steps: []record.Step{{Rate: 5}, {Start: 10 * s, Rate: 60}, {Start: 30 * s, Rate: 5}}}, cell, events, 0, 3)
		if got.Observed || got.Gaps != nil || got.Levels != nil || got.Replicas != nil || got.Removed != nil {
			t.Errorf("%s: %+v, want nothing said of replicas", name, got)
		}
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
	cell.Ledger.Failed = 216
	if n := unanswered(cell); n != 215 {
		t.Errorf("%d of 216 failures without an answer, want all but 1", n)
	}
	if idle := trial.Idle(30 * s); !cmp.Equal(idle, []string{"idle"}) {
		t.Errorf("idle: %v, want the one that was ready for long", idle)
	}
}

// TestNoneReady finds when no replica was ready, and replicas that were unready for a while.
func TestNoneReady(t *testing.T) {
	began := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	of := func(offset time.Duration, kind, id string) record.Event {
		return record.Event{At: began.Add(offset), Kind: kind, Replica: id}
	}
	fault := record.Event{At: began.Add(35 * s), Kind: record.EventInjected, Fault: "pod-kill", Replica: "b"}
	events := []record.Event{
		{At: began.Add(-6 * s), Kind: record.EventDesired, Replicas: 1}, of(-5*s, record.EventCreated, "a"), of(-2*s, record.EventReady, "a"),
		of(15500*ms, record.EventUnready, "a"), of(16*s, record.EventCreated, "b"), of(21900*ms, record.EventReady, "a"), of(22*s, record.EventReady, "b"),
		of(25*s, record.EventUnready, "a"), of(25100*ms, record.EventEnded, "a"),
		fault, of(35500*ms, record.EventUnready, "b"), of(36*s, record.EventEnded, "b"), of(38*s, record.EventReady, "c"),
		of(39*s, record.EventUnready, "c"),
	}
	cell := &sample.Cell{Cell: &record.Cell{Started: began, Span: 40 * s}}
	got := newTrial(record.Phase{Steps: []record.Step{{Rate: 5}, {Start: 10 * s, Rate: 60}}}, cell, events, 0, 3)
	want := []Gap{{From: 15500 * ms, To: 21900 * ms}, {From: 35500 * ms, To: 38 * s, Fault: true}, {From: 39 * s, To: 40 * s, Fault: true}}
	if diff := cmp.Diff(want, got.Gaps); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
	if got.Least != 0 || got.Before != 1 || got.Most != 2 || got.Unready != 2 {
		t.Errorf("%d at least, %d before, %d at most, %d unready; want 0, 1, 2, 2", got.Least, got.Before, got.Most, got.Unready)
	}
}

// TestGapsAfterFaults has a fault be the reason of gaps until a replica has been ready for a while
// after it: not of one by load long after.
func TestGapsAfterFaults(t *testing.T) {
	began := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	of := func(offset time.Duration, kind, fault string) record.Event {
		return record.Event{At: began.Add(offset), Kind: kind, Replica: "a", Fault: fault}
	}
	for name, c := range map[string]struct {
		healed time.Duration // 0: it happens once
		gaps   []Gap
	}{
		"soon, again, and long after": {0, []Gap{{11 * s, 13 * s, true}, {16 * s, 17 * s, true}, {40 * s, 44 * s, false}, {45 * s, 46 * s, false}}},
		"long after alone":            {0, []Gap{{40 * s, 44 * s, false}}},
		"before, and soon":            {0, []Gap{{5 * s, 7 * s, false}, {12 * s, 14 * s, true}}},
		"while it lasts":              {30 * s, []Gap{{20 * s, 22 * s, true}, {33 * s, 34 * s, true}, {40 * s, 44 * s, false}}},
	} {
		events := []record.Event{of(-2*s, record.EventReady, "")}
		for _, g := range c.gaps {
			events = append(events, of(g.From, record.EventUnready, ""), of(g.To, record.EventReady, ""))
		}
		events = append(events, of(10*s, record.EventInjected, "network-partition"))
		if c.healed > 0 {
			events = append(events, of(c.healed, record.EventHealed, "network-partition"))
		}
		slices.SortStableFunc(events, func(a, b record.Event) int { return a.At.Compare(b.At) })
		cell := &sample.Cell{Cell: &record.Cell{Started: began, Span: 50 * s}}
		got := newTrial(record.Phase{Rate: 5}, cell, events, 0, 3)
		if diff := cmp.Diff(c.gaps, got.Gaps); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestScaleIn books what failed while replicas were removed.
func TestScaleIn(t *testing.T) {
	began := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	of := func(offset time.Duration, kind, id string) record.Event {
		return record.Event{At: began.Add(offset), Kind: kind, Replica: id}
	}
	events := []record.Event{
		{At: began.Add(-6 * s), Kind: record.EventDesired, Replicas: 1}, of(-2*s, record.EventReady, "a"), of(16*s, record.EventReady, "b"),
		{At: began.Add(41 * s), Kind: record.EventDesired, Replicas: 1}, of(42*s, record.EventUnready, "b"), of(43*s, record.EventEnded, "b"),
	}
	refused := func(first, last time.Duration, n int64) record.Outage {
		return record.Outage{First: first, Last: last, Errors: []record.ErrorCount{{Class: record.ErrorClosed, Count: n}}}
	}
	cell := &sample.Cell{Cell: &record.Cell{Started: began, Span: 50 * s, Outages: []record.Outage{
		refused(20*s, 25*s, 212), refused(35*s, 36*s, 3), refused(41900*ms, 43100*ms, 4), refused(48*s, 49*s, 5),
	}}}
	got := newTrial(record.Phase{Steps: []record.Step{{Rate: 5}, {Start: 10 * s, Rate: 60}, {Start: 30 * s, Rate: 5}}}, cell, events, 0, 3)
	want := []Removed{{Replica: "b", At: 12 * s, Failed: 4, Errors: []record.ErrorCount{{Class: record.ErrorClosed, Count: 4}}}}
	if diff := cmp.Diff(want, got.Removed); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestScaleInOfUnready books nothing from before the load fell, and nothing of a replica that
// was ready again, to its end; and counts each class once.
func TestScaleInOfUnready(t *testing.T) {
	began := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	of := func(offset time.Duration, kind, id string) record.Event {
		return record.Event{At: began.Add(offset), Kind: kind, Replica: id}
	}
	events := []record.Event{
		of(-2*s, record.EventReady, "a"), of(-2*s, record.EventReady, "b"), of(-2*s, record.EventReady, "c"),
		of(15*s, record.EventUnready, "b"), of(17*s, record.EventReady, "b"), of(20*s, record.EventUnready, "c"),
		of(33*s, record.EventEnded, "c"), of(43*s, record.EventEnded, "b"),
	}
	failed := func(first time.Duration, class string, n int64) record.Outage {
		return record.Outage{First: first, Last: first, Errors: []record.ErrorCount{{Class: class, Count: n}}}
	}
	cell := &sample.Cell{Cell: &record.Cell{Started: began, Span: 50 * s, Outages: []record.Outage{
		failed(16*s, record.ErrorRefused, 100), failed(22*s, record.ErrorRefused, 50), failed(31*s, record.ErrorClosed, 1), failed(33*s, record.ErrorRefused, 3), failed(33900*ms, record.ErrorClosed, 1),
		failed(38*s, record.ErrorRefused, 9), failed(43*s, record.ErrorClosed, 2),
	}}}
	got := newTrial(record.Phase{Steps: []record.Step{{Rate: 5}, {Start: 10 * s, Rate: 60}, {Start: 30 * s, Rate: 5}}}, cell, events, 0, 3)
	want := []Removed{
		{Replica: "c", Failed: 5, Errors: []record.ErrorCount{{Class: record.ErrorRefused, Count: 3}, {Class: record.ErrorClosed, Count: 2}}},
		{Replica: "b", At: 13 * s, Failed: 2, Errors: []record.ErrorCount{{Class: record.ErrorClosed, Count: 2}}},
	}
	if diff := cmp.Diff(want, got.Removed); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestWarnings counts those of the phase, by their reasons.
func TestWarnings(t *testing.T) {
	began := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	var events []record.Event
	for offset, text := range map[time.Duration]string{
		-5 * s: "FailedScheduling: no room", 2 * s: "FailedGetResourceMetric: no metrics", 7 * s: "FailedScheduling: 1 Insufficient cpu", 12 * s: "FailedGetResourceMetric: none at all", 31 * s: "BackOff: later",
	} {
		events = append(events, record.Event{At: began.Add(offset), Kind: record.EventWarning, Text: text})
	}
	slices.SortFunc(events, func(a, b record.Event) int { return a.At.Compare(b.At) })
	events = append(events, record.Event{At: began.Add(s), Kind: record.EventReady})
	trial := Trial{Rise: 5 * s}
	unhealthy := func(offset time.Duration) record.Event {
		return record.Event{At: began.Add(offset), Kind: record.EventWarning, Replica: "a", Text: "Unhealthy: Readiness probe failed"}
	}
	events = append(events, unhealthy(13*s), unhealthy(14*s), record.Event{At: began.Add(15 * s), Kind: record.EventReady, Replica: "a"}, unhealthy(20*s))
	got := trial.warningsOf(&sample.Cell{Cell: &record.Cell{Started: began, Span: 30 * s}}, events)
	want := []Warning{
		{Text: "FailedGetResourceMetric: none at all", Count: 2, First: -3 * s}, {Text: "FailedScheduling: 1 Insufficient cpu", Count: 1, First: 2 * s},
		{Text: "Unhealthy: Readiness probe failed", Count: 2, First: 8 * s, Starting: true}, {Text: "Unhealthy: Readiness probe failed", Count: 1, First: 15 * s},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
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

// TestRecovered takes the last calm time for the recovery, and says when the p99 left it.
func TestRecovered(t *testing.T) {
	for name, c := range map[string]struct {
		high        []int // seconds
		want, again *time.Duration
	}{
		"once":           {[]int{3, 4}, at(5 * s), nil},
		"twice":          {[]int{3, 11}, at(12 * s), nil},
		"again":          {[]int{3, 17, 19}, at(4 * s), at(17 * s)},
		"again, shortly": {[]int{3, 9, 13, 18}, at(4 * s), at(9 * s)},
		"not for long":   {[]int{3, 7, 11, 15, 19}, nil, nil},
		"never was":      {nil, nil, nil},
	} {
		cell := &sample.Cell{Cell: &record.Cell{Span: 20 * s, Window: 20 * s}}
		for i := range 20 {
			cell.Seconds = append(cell.Seconds, sample.LoggedSlice{Slice: sample.Slice{Slice: record.Slice{
				Start: time.Duration(i) * s, Length: s, Scheduled: 100, Sent: 100, OK: 100,
			}}})
		}
		for _, k := range c.high {
			cell.Seconds[k].OK, cell.Seconds[k].Failed = 50, 50
		}
		var trial Trial
		u := trial.usersOf(cell, 100*ms)
		if !cmp.Equal(c.want, u.Recovered) || !cmp.Equal(c.again, u.Again) {
			t.Errorf("%s: back from %v on, again above at %v; want %v, %v", name, u.Recovered, u.Again, c.want, c.again)
		}
	}
}

// TestReacted takes no replica that came in the place of another for a reaction, where the
// target tells what it decides.
func TestReacted(t *testing.T) {
	decided := 4 * time.Second
	told, untold := []Level{{Desired: 2, Ready: 2}}, []Level{{Ready: 1}}
	for name, c := range map[string]struct {
		trial Trial
		want  bool
	}{
		"decided":              {Trial{Decided: &decided, Levels: told}, true},
		"a pod was replaced":   {Trial{Levels: told, Replicas: []Replica{{New: true}}}, false},
		"nothing happened":     {Trial{Levels: told}, false},
		"an environment began": {Trial{Levels: untold, Replicas: []Replica{{New: true}}}, true},
	} {
		if got := c.trial.Reacted(); got != c.want {
			t.Errorf("%s: reacted %t", name, got)
		}
	}
}
