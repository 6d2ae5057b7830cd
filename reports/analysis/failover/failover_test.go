package failover

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/record"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	s  = time.Second
	ms = time.Millisecond
)

func began() time.Time { return time.Date(2026, 11, 30, 6, 0, 0, 0, time.UTC) }

func injected(kind string, at time.Duration) record.Event {
	return record.Event{At: began().Add(at), Kind: record.EventInjected, Fault: kind, Text: "SIGKILL to process 4711"}
}

func healed(kind string, at time.Duration) record.Event {
	return record.Event{At: began().Add(at), Kind: record.EventHealed, Fault: kind}
}

func event(kind string, at time.Duration) record.Event {
	return record.Event{At: began().Add(at), Kind: kind}
}

// steady is a cell of so many seconds with 100 answers of 2 ms in each, but for what
// changes it.
func steady(seconds int, outages ...record.Outage) *sample.Cell {
	c := &sample.Cell{Cell: &record.Cell{
		Target: "physical", Phase: "steady", Round: 1, Measured: true, Started: began(),
		Span: time.Duration(seconds) * s, Window: time.Duration(seconds) * s, Outages: outages,
		Ledger: record.Ledger{Scheduled: int64(seconds) * 100, Sent: int64(seconds) * 100, OK: int64(seconds) * 100},
	}}
	for i := range seconds {
		c.Seconds = append(c.Seconds, sample.LoggedSlice{
			Slice:     sample.Slice{Slice: record.Slice{Start: time.Duration(i) * s, Length: s, Scheduled: 100, Sent: 100, OK: 100}},
			Responses: answers(100, 2*ms),
		})
	}
	for _, o := range outages {
		c.Ledger.Failed += o.Failed()
		c.Ledger.OK -= o.Failed()
	}
	return c
}

// failing has so many requests of those due in some seconds fail.
func failing(c *sample.Cell, failed map[int]int64) *sample.Cell {
	for i, n := range failed {
		c.Seconds[i].Failed, c.Seconds[i].OK = n, c.Seconds[i].OK-n
	}
	return c
}

func answers(n int64, took time.Duration) stat.Tally {
	h := record.NewHistogram()
	_ = h.RecordValues(int64(took), n)
	return stat.NewTally(h)
}

func counted(class string, n int64) []record.ErrorCount {
	return []record.ErrorCount{{Class: class, Count: n}}
}

func run(planned []record.Injection, events ...record.Event) *record.Run {
	return &record.Run{
		Scenario: record.Scenario{Phases: []record.Phase{{Name: "steady", Duration: 10 * s, Measured: true, Open: true}}, Faults: planned},
		Targets:  []record.Target{{Name: "physical", Deployments: []record.Deployment{{Round: 1, Events: events}}}},
	}
}

func TestCases(t *testing.T) {
	kill := record.Injection{Kind: "process-kill", Phase: "steady", At: 3 * s}
	stop := record.Injection{Kind: "process-stop", Phase: "steady", At: 6 * s, For: s}
	burst := record.Outage{First: 2998 * ms, Last: 3180 * ms, Recovered: 3190 * ms, Errors: counted(record.ErrorRefused, 19)}
	for name, c := range map[string]struct {
		planned []record.Injection
		events  []record.Event
		cell    *sample.Cell
		want    []Case // of each fault; Round 0: it was not injected
		account Account
	}{
		"killed and back": {
			[]record.Injection{kill},
			[]record.Event{event(record.EventReady, -5*s), injected("process-kill", 3001*ms), event(record.EventEnded, 3009*ms), event(record.EventReady, 3188*ms)},
			steady(10, burst),
			[]Case{{Round: 1, At: 3001 * ms, Done: "SIGKILL to process 4711", Noticed: 8 * ms, By: record.EventEnded,
				First: -3 * ms, Last: 179 * ms, Recovered: 189 * ms, Lost: 19, Errors: counted(record.ErrorRefused, 19), Replicas: 1}},
			Account{Scheduled: 1000, InTime: 981, Lost: 19},
		},
		"one of several replicas is killed, and another answers before it": {
			[]record.Injection{kill}, []record.Event{injected("process-kill", 3050*ms), event(record.EventEnded, 3055*ms)},
			steady(10, record.Outage{First: 2998 * ms, Last: 3010 * ms, Recovered: 3020 * ms, Errors: counted(record.ErrorClosed, 2)}),
			[]Case{{Round: 1, At: 3050 * ms, Done: "SIGKILL to process 4711", Noticed: 5 * ms, By: record.EventEnded,
				First: -52 * ms, Last: -40 * ms, Recovered: 1, Lost: 2, Errors: counted(record.ErrorClosed, 2)}},
			Account{Scheduled: 1000, InTime: 998, Lost: 2},
		},
		"killed for ever": {
			[]record.Injection{kill}, []record.Event{injected("process-kill", 3*s), event(record.EventEnded, 3005*ms)},
			steady(10, record.Outage{First: 3001 * ms, Last: 9990 * ms, Errors: counted(record.ErrorRefused, 700)}),
			[]Case{{Round: 1, At: 3 * s, Done: "SIGKILL to process 4711", Noticed: 5 * ms, By: record.EventEnded, First: ms, Last: 6990 * ms, Never: true, Lost: 700, Errors: counted(record.ErrorRefused, 700)}},
			Account{Scheduled: 1000, InTime: 300, Lost: 700},
		},
		"frozen, and nobody notices": {
			[]record.Injection{stop}, []record.Event{injected("process-stop", 6*s), healed("process-stop", 7*s)},
			slowed(steady(10), 6, 900*ms),
			[]Case{{Round: 1, At: 6 * s, Done: "SIGKILL to process 4711", Healed: s, Lasted: s, Excursion: s}},
			Account{Scheduled: 1000, InTime: 900, Late: 100},
		},
		"two faults, and failures before them": {
			[]record.Injection{kill, stop},
			[]record.Event{injected("process-kill", 3*s), injected("process-stop", 6*s), healed("process-stop", 7*s)},
			steady(10, record.Outage{First: s, Last: s, Recovered: 1010 * ms, Errors: counted(record.ErrorOther, 1)}, burst,
				record.Outage{First: 6100 * ms, Last: 6500 * ms, Recovered: 7010 * ms, Errors: counted(record.ErrorTimeout, 40)}),
			[]Case{
				{Round: 1, At: 3 * s, Done: "SIGKILL to process 4711", First: -2 * ms, Last: 180 * ms, Recovered: 190 * ms, Lost: 19, Errors: counted(record.ErrorRefused, 19)},
				{Round: 1, At: 6 * s, Done: "SIGKILL to process 4711", Healed: s, Lasted: s, First: 100 * ms, Last: 500 * ms, Recovered: 1010 * ms, Lost: 40, Errors: counted(record.ErrorTimeout, 40)},
			},
			Account{Scheduled: 1000, InTime: 940, Lost: 59, Besides: 1},
		},
		"failing already when it is killed": {
			[]record.Injection{kill}, []record.Event{injected("process-kill", 3001*ms), event(record.EventEnded, 3009*ms)},
			failing(steady(10,
				record.Outage{First: 1200 * ms, Last: 2990 * ms, Recovered: 3900 * ms, Errors: counted(record.ErrorTimeout, 60)},
				record.Outage{First: 3 * s, Last: 3880 * ms, Recovered: 3900 * ms, Errors: counted(record.ErrorRefused, 90)}), map[int]int64{1: 30, 2: 30, 3: 90}),
			[]Case{{Round: 1, At: 3001 * ms, Done: "SIGKILL to process 4711", Noticed: 8 * ms, By: record.EventEnded, FailedBefore: 0.2, FailedAfter: 90. / 700, Failing: true,
				First: -ms, Last: 879 * ms, Recovered: 899 * ms, Lost: 90, Errors: counted(record.ErrorRefused, 90)}},
			Account{Scheduled: 1000, InTime: 850, Lost: 90, Besides: 60},
		},
		"injected late by a busy machine, into failures": {
			[]record.Injection{kill}, []record.Event{injected("process-kill", 3300*ms)},
			steady(10,
				record.Outage{First: 1200 * ms, Last: 2990 * ms, Recovered: 3900 * ms, Errors: counted(record.ErrorTimeout, 60)},
				record.Outage{First: 3 * s, Last: 3880 * ms, Recovered: 3900 * ms, Errors: counted(record.ErrorRefused, 90)}),
			[]Case{{Round: 1, At: 3300 * ms, Done: "SIGKILL to process 4711",
				First: -300 * ms, Last: 580 * ms, Recovered: 600 * ms, Lost: 90, Errors: counted(record.ErrorRefused, 90)}},
			Account{Scheduled: 1000, InTime: 850, Lost: 90, Besides: 60},
		},
		"not injected": {
			[]record.Injection{kill}, nil, steady(10, burst), []Case{{}}, Account{Scheduled: 1000, InTime: 981, Besides: 19},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := Analyse(run(c.planned, c.events...), []*sample.Cell{c.cell})
			for i, want := range c.want {
				var found Case
				if cases := got.Faults[i].Cases; len(cases) > 0 {
					found = cases[0]
				}
				found.Before, found.Limit, found.Peak = 0, 0, 0 // see TestLimit
				if diff := cmp.Diff(want, found, cmpopts.IgnoreUnexported(Case{})); diff != "" {
					t.Errorf("fault %d (-want +got):\n%s", i, diff)
				}
			}
			account := got.Accounts[0]
			account.Limit = 0
			c.account.Target, c.account.Phase, c.account.Rounds = "physical", "steady", 1
			if diff := cmp.Diff(c.account, account); diff != "" {
				t.Errorf("account (-want +got):\n%s", diff)
			}
		})
	}
}

// A fault lasts until it is healed, or its replica ends before that.
func TestLasted(t *testing.T) {
	hit := record.Event{At: began().Add(3 * s), Kind: record.EventInjected, Fault: "disk-fill", Replica: "a"}
	healed := record.Event{At: began().Add(9 * s), Kind: record.EventHealed, Fault: "disk-fill", Replica: "a"}
	for want, ended := range map[time.Duration]string{2 * s: "a", 6 * s: "b"} {
		events := []record.Event{hit, {At: began().Add(5 * s), Kind: record.EventEnded, Replica: ended}, healed}
		f := Analyse(run([]record.Injection{{Kind: "disk-fill", Phase: "steady", At: 3 * s}}, events...), []*sample.Cell{steady(10)}).Faults[0]
		if c := f.Cases[0]; c.Lasted != want || c.Healed != 6*s {
			t.Errorf("replica %s ended: lasted %s, healed after %s, want %s and 6 s", ended, c.Lasted, c.Healed, want)
		}
	}
}

// served is a replica that answered so many requests, the first of them then.
func served(id string, first time.Duration, ok int64) record.Replica {
	return record.Replica{ID: id, First: first, Last: 10 * s, OK: ok}
}

// TestNewServer finds the server in the place of the one that was hit, and its first answer,
// by events and by the ids that answers carry.
func TestNewServer(t *testing.T) {
	of := func(replica, kind string, at time.Duration) record.Event {
		e := event(kind, at)
		e.Replica = replica
		return e
	}
	hit := func(replica string) record.Event {
		e := injected("process-kill", 3*s)
		e.Replica = replica
		return e
	}
	burst := record.Outage{First: 3001 * ms, Last: 3180 * ms, Recovered: 3190 * ms, Errors: counted(record.ErrorRefused, 19)}
	three := []record.Event{of("a", record.EventReady, -5*s), of("b", record.EventReady, -5*s), of("c", record.EventReady, -5*s), hit("a")}
	for name, c := range map[string]struct {
		events   []record.Event
		outages  []record.Outage
		replicas []record.Replica
		want     NewServer
	}{
		"a pod is made": {
			append(slices.Clone(three), of("a", record.EventEnded, 3050*ms), of("d", record.EventCreated, 3100*ms), of("d", record.EventReady, 4*s)), nil,
			[]record.Replica{served("a", 0, 100), served("b", 0, 450), served("c", 0, 450), served("d", 4200*ms, 200)},
			NewServer{Replica: "d", Began: 100 * ms, Ready: s, Answered: 1200 * ms, Known: true},
		},
		"another pod is unready for a moment before the new one is ready": {
			append(slices.Clone(three), of("d", record.EventCreated, 3100*ms), of("b", record.EventUnready, 3200*ms), of("b", record.EventReady, 3300*ms), of("d", record.EventReady, 7700*ms)), nil,
			[]record.Replica{served("b", 0, 450), served("c", 0, 450), served("d", 8*s, 100)},
			NewServer{Replica: "d", Began: 100 * ms, Ready: 4700 * ms, Answered: 5 * s, Known: true},
		},
		"a pod is made, and keep-alive gives it nothing": {
			append(slices.Clone(three), of("d", record.EventCreated, 3100*ms)), nil,
			[]record.Replica{served("a", 0, 100), served("b", 0, 900)},
			NewServer{Replica: "d", Began: 100 * ms, Known: true},
		},
		"a pod is made, and answers name nobody": {
			append(slices.Clone(three), of("d", record.EventCreated, 3100*ms)), nil, []record.Replica{served("", 0, 1000)},
			NewServer{Replica: "d", Began: 100 * ms},
		},
		"two pods are made, and the second answers first": {
			append(slices.Clone(three), of("d", record.EventCreated, 3100*ms), of("e", record.EventCreated, 3200*ms)), nil,
			[]record.Replica{served("b", 0, 800), served("d", 5*s, 100), served("e", 4*s, 100)},
			NewServer{Replica: "e", Began: 200 * ms, Answered: s, Known: true},
		},
		"pods are known by address": {
			append(slices.Clone(three), record.Event{At: began().Add(3100 * ms), Kind: record.EventRunning, Replica: "d", Address: "10.0.0.4:80"}), nil,
			[]record.Replica{served("10.0.0.1:80", 0, 800), served("10.0.0.4:80", 4*s, 200)},
			NewServer{Replica: "d", Began: 100 * ms, Answered: s, Known: true},
		},
		"one of three servers is started again in its pod": {
			append(slices.Clone(three), of("a", record.EventRestarted, 4*s)), []record.Outage{burst},
			[]record.Replica{served("a", 0, 300), served("b", 0, 300), served("c", 0, 300)},
			NewServer{Replica: "a", Began: s},
		},
		"the only server is started again in its pod, which is told late": {
			[]record.Event{of("a", record.EventReady, -5*s), hit("a"), of("a", record.EventRestarted, 4*s)}, []record.Outage{burst},
			[]record.Replica{served("a", 0, 900)},
			NewServer{Replica: "a", Began: s, Answered: 190 * ms, Known: true},
		},
		"a process is started again, with another id": {
			[]record.Event{hit(""), event(record.EventEnded, 3009*ms), event(record.EventRestarted, 3100*ms)}, []record.Outage{burst},
			[]record.Replica{served("1", 0, 300), served("2", 3185*ms, 600)},
			NewServer{Began: 100 * ms, Answered: 185 * ms, Known: true},
		},
		"a process is started again, and some requests fail all the while": {
			[]record.Event{hit(""), event(record.EventRestarted, 3100*ms)},
			[]record.Outage{{First: 3001 * ms, Last: 9 * s, Recovered: 9100 * ms, OK: 300, Errors: counted(record.ErrorTimeout, 300)}}, nil,
			NewServer{Began: 100 * ms},
		},
		"a process is started again, and says no id": {
			[]record.Event{hit(""), event(record.EventRestarted, 3100*ms)}, []record.Outage{burst}, nil,
			NewServer{Began: 100 * ms, Answered: 190 * ms, Known: true},
		},
		"a process is started again, and no request failed: clients sent again what did": {
			[]record.Event{hit(""), event(record.EventEnded, 3009*ms), event(record.EventRestarted, 3100*ms), event(record.EventReady, 3150*ms)}, nil, nil,
			NewServer{Began: 100 * ms, Ready: 150 * ms},
		},
		"a process is started again, and requests failed before and long after alone": {
			[]record.Event{hit(""), event(record.EventRestarted, 3100*ms)}, []record.Outage{
				{First: s, Last: s, Recovered: 1010 * ms, Errors: counted(record.ErrorTimeout, 1)},
				{First: 9 * s, Last: 9 * s, Recovered: 9010 * ms, Errors: counted(record.ErrorTimeout, 1)},
			}, nil,
			NewServer{Began: 100 * ms},
		},
		"a process is started again, and ends for good soon after": {
			[]record.Event{hit(""), event(record.EventRestarted, 3100*ms)}, []record.Outage{burst, {First: 5 * s, Last: 9 * s, Errors: counted(record.ErrorClosed, 400)}}, nil,
			NewServer{Began: 100 * ms, Answered: 190 * ms, Known: true},
		},
		"a process is started again, and ends for good long after": {
			[]record.Event{hit(""), event(record.EventRestarted, 3100*ms)}, []record.Outage{{First: 9 * s, Last: 9900 * ms, Errors: counted(record.ErrorClosed, 90)}}, nil,
			NewServer{Began: 100 * ms},
		},
		"a process is started again, and answers nothing": {
			[]record.Event{hit(""), event(record.EventRestarted, 3100*ms)}, []record.Outage{{First: 3001 * ms, Last: 9 * s, Errors: counted(record.ErrorClosed, 600)}}, nil,
			NewServer{Began: 100 * ms, Known: true},
		},
		"a process is started again, answers some, and then no more": {
			[]record.Event{hit(""), event(record.EventRestarted, 3100*ms)}, []record.Outage{{First: 3001 * ms, Last: 9 * s, OK: 5, Errors: counted(record.ErrorClosed, 600)}}, nil,
			NewServer{Began: 100 * ms},
		},
		"nothing starts it again": {
			[]record.Event{hit(""), event(record.EventEnded, 3009*ms)}, []record.Outage{burst}, nil, NewServer{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cell := steady(10, c.outages...)
			cell.Replicas = c.replicas
			fault := Analyse(run([]record.Injection{{Kind: "process-kill", Phase: "steady", At: 3 * s}}, c.events...), []*sample.Cell{cell}).Faults[0]
			if diff := cmp.Diff(c.want, fault.Cases[0].New); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if known := fault.Answered.N == 1; known != (c.want.Answered > 0) || fault.Answered.Median.Value != c.want.Answered {
				t.Errorf("over the rounds: %+v", fault.Answered)
			}
		})
	}
}

// slowed makes the answers of one second slow.
func slowed(c *sample.Cell, second int, took time.Duration) *sample.Cell {
	c.Seconds[second].Responses = answers(100, took)
	return c
}

// TestLimit holds p99 against the SLO's limit, or twice the highest of the seconds before: of few
// requests, that of a second is far above that of all of them.
func TestLimit(t *testing.T) {
	stop := record.Injection{Kind: "process-stop", Phase: "steady", At: 6 * s}
	for slo, want := range map[time.Duration]time.Duration{0: 12 * ms, 50 * ms: 50 * ms} {
		r := run([]record.Injection{stop}, injected("process-stop", 6*s))
		r.Scenario.SLO.P99 = slo
		cell := slowed(steady(10), 7, 900*ms)
		cell.Seconds[2].Responses = stat.Merge([]stat.Tally{answers(97, 2*ms), answers(3, 6*ms)})
		found := Analyse(r, []*sample.Cell{cell}).Faults[0].Cases[0]
		near := func(a, b time.Duration) bool { return a >= b && a < b+b/500 }
		if !near(found.Before, 2*ms) || !near(found.Limit, want) || !near(found.Peak, 900*ms) || found.Excursion != 2*s {
			t.Errorf("SLO %v: %+v, want 2 ms before, the limit %v, a peak of 900 ms, 2 s above", slo, found, want)
		}
	}
}

// TestCompared takes the ten seconds on each side of a fault that was injected a moment after a
// whole second.
func TestCompared(t *testing.T) {
	cell := failing(steady(40), map[int]int64{9: 99, 10: 50, 19: 50, 20: 30, 29: 30, 30: 99})
	cell.Seconds[15].Sent, cell.Seconds[15].OK = 0, 0 // they were due nevertheless
	f := Analyse(run([]record.Injection{{Kind: "process-stop", Phase: "steady", At: 20 * s}}, injected("process-stop", 20*s+300*time.Microsecond)), []*sample.Cell{cell}).Faults[0].Cases[0]
	if f.FailedBefore != 0.1 || f.FailedAfter != 0.06 {
		t.Errorf("%v failed before and %v after, want 0.1 and 0.06", f.FailedBefore, f.FailedAfter)
	}
}

// TestUnderWay books the requests that were under way at the injection to the fault, unless the
// server was failing already: an overloaded one takes seconds, and fails for seconds before.
func TestUnderWay(t *testing.T) {
	kill := record.Injection{Kind: "process-kill", Phase: "steady", At: 20 * s}
	hit := record.Outage{First: 20 * s, Last: 21 * s, Recovered: 21500 * ms, Errors: counted(record.ErrorRefused, 40)}
	early := record.Outage{First: 17500 * ms, Last: 19900 * ms, Recovered: 21500 * ms, Errors: counted(record.ErrorTimeout, 60)}
	for name, c := range map[string]struct {
		failed  map[int]int64
		lost    int64
		failing bool
	}{
		"a slow server":        {map[int]int64{17: 10, 18: 20, 19: 30, 20: 40}, 100, false},
		"a server that failed": {map[int]int64{12: 10, 13: 10, 15: 10, 17: 10, 18: 20, 19: 30, 20: 40}, 40, true},
	} {
		cell := failing(steady(40, early, hit), c.failed)
		for k := range 20 {
			slowed(cell, k, 3*s)
		}
		f := Analyse(run([]record.Injection{kill}, injected("process-kill", 20*s)), []*sample.Cell{cell}).Faults[0].Cases[0]
		if f.Lost != c.lost || f.Failing != c.failing {
			t.Errorf("%s: %d lost, failing before %t (%v), want %d and %t", name, f.Lost, f.Failing, f.FailedBefore, c.lost, c.failing)
		}
	}
}

// TestFailuresEnd ends the failures of a fault when the server answered for a while without one
// after it: a failure long after that is not the fault's.
func TestFailuresEnd(t *testing.T) {
	at := func(first, last time.Duration, n int64) record.Outage {
		return record.Outage{First: first, Last: last, Recovered: last + 10*ms, Errors: counted(record.ErrorRefused, n)}
	}
	early, never := at(6010*ms, 6200*ms, 20), at(6010*ms, 14*s, 40)
	never.Recovered = 0
	ended := event(record.EventEnded, 16*s)
	ended.Replica = "a"
	for name, c := range map[string]struct {
		lasts      time.Duration
		events     []record.Event
		outages    []record.Outage
		silent     bool // no request was answered, or none was due
		lost       int64
		last, back time.Duration
	}{
		"a timeout a minute later": {0, nil, []record.Outage{early, at(66*s, 66*s, 1)}, false, 20, 200 * ms, 210 * ms},
		"a timeout soon after":     {0, nil, []record.Outage{early, at(10*s, 10*s, 1)}, false, 21, 4 * s, 4010 * ms},
		"none but a minute later":  {0, nil, []record.Outage{at(66*s, 66*s, 1)}, false, 0, 0, 0},
		"none was due before":      {0, nil, []record.Outage{at(12*s, 12*s, 1)}, true, 1, 6 * s, 6010 * ms},
		"while it lasts":           {20 * s, nil, []record.Outage{early, at(25*s, 25*s, 3), at(40*s, 40*s, 5)}, false, 23, 19 * s, 19010 * ms},
		"no answer ever after":     {0, nil, []record.Outage{never, {First: 30 * s, Last: 31 * s, Errors: counted(record.ErrorRefused, 2)}}, true, 42, 25 * s, 0},
		"its replica ended late":   {0, []record.Event{ended}, []record.Outage{at(16*s, 17*s, 3), at(40*s, 40*s, 5)}, false, 3, 11 * s, 11010 * ms},
	} {
		cell := steady(80, c.outages...)
		if c.silent {
			for k := range cell.Seconds {
				cell.Seconds[k].OK = 0
			}
		}
		hit := injected("process-stop", 6*s)
		hit.Replica = "a"
		events := append([]record.Event{hit}, c.events...)
		if c.lasts > 0 {
			end := healed("process-stop", 6*s+c.lasts)
			end.Replica = "a"
			events = append(events, end)
		}
		got := Analyse(run([]record.Injection{{Kind: "process-stop", Phase: "steady", At: 6 * s, For: c.lasts}}, events...), []*sample.Cell{cell})
		f := got.Faults[0].Cases[0]
		if f.Lost != c.lost || f.Last != c.last || f.Recovered != c.back {
			t.Errorf("%s: %d lost, the last at %v, back at %v; want %d, %v, %v", name, f.Lost, f.Last, f.Recovered, c.lost, c.last, c.back)
		}
		if a := got.Accounts[0]; a.Lost != c.lost || a.Besides != cell.Ledger.Failed-c.lost {
			t.Errorf("%s: %d lost and %d besides of %d", name, a.Lost, a.Besides, cell.Ledger.Failed)
		}
	}
}

// TestExcursion ends when p99 was within its limit for a while: a slow second long after that is
// not the fault's.
func TestExcursion(t *testing.T) {
	for name, c := range map[string]struct {
		slow []int // seconds
		want time.Duration
		peak time.Duration
	}{
		"one stretch":             {[]int{7, 8}, 3 * s, 900 * ms},
		"a stretch with a gap":    {[]int{7, 10}, 5 * s, 900 * ms},
		"slow again after it":     {[]int{7, 13}, 2 * s, 900 * ms},
		"slow long after it only": {[]int{12}, 0, 2 * ms},
	} {
		cell := steady(15)
		for _, k := range c.slow {
			slowed(cell, k, 900*ms)
		}
		f := Analyse(run([]record.Injection{{Kind: "process-stop", Phase: "steady", At: 6 * s}}, injected("process-stop", 6*s)), []*sample.Cell{cell}).Faults[0].Cases[0]
		if f.Excursion != c.want || f.Peak < c.peak || f.Peak > c.peak+c.peak/500 {
			t.Errorf("%s: p99 high for %v with a peak of %v, want %v and %v", name, f.Excursion, f.Peak, c.want, c.peak)
		}
	}
	// What a fault that lasts does is not over before it is healed.
	cell := slowed(steady(20), 13, 900*ms)
	f := Analyse(run([]record.Injection{{Kind: "process-stop", Phase: "steady", At: 6 * s, For: 6 * s}}, injected("process-stop", 6*s), healed("process-stop", 12*s)), []*sample.Cell{cell}).Faults[0].Cases[0]
	if f.Excursion != 8*s {
		t.Errorf("after a fault of 6 s p99 is high for %v, want 8 s", f.Excursion)
	}
}

// TestRounds has every figure over rounds be the median of theirs.
func TestRounds(t *testing.T) {
	r := run([]record.Injection{{Kind: "process-stop", Phase: "steady", At: 6 * s}})
	r.Targets[0].Deployments = nil
	var cells []*sample.Cell
	for i, took := range []time.Duration{8 * ms, 40 * ms, 20 * ms} {
		r.Targets[0].Deployments = append(r.Targets[0].Deployments, record.Deployment{Round: i + 1, Events: []record.Event{injected("process-stop", 6*s)}})
		c := slowed(steady(10), 7, 10*took)
		for k := range 6 {
			slowed(c, k, took)
		}
		c.Round = i + 1
		cells = append(cells, c)
	}
	f := Analyse(r, cells).Faults[0]
	for what, got := range map[time.Duration]sample.Times{20 * ms: f.P99Before, 200 * ms: f.P99Peak} {
		if d := got.Median.Value; got.N != 3 || d < what || d > what+what/500 {
			t.Errorf("%d rounds, a median of %v, want 3 and %v", got.N, d, what)
		}
	}
}

// TestEveryRequestIsAccountedFor draws outages and faults anywhere, over several rounds.
func TestEveryRequestIsAccountedFor(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 0))
		at := func() time.Duration { return time.Duration(rng.Int64N(int64(10 * s))) }
		var planned []record.Injection
		for range 1 + rng.IntN(4) {
			planned = append(planned, record.Injection{Kind: []string{"process-kill", "process-stop"}[rng.IntN(2)], Phase: "steady", At: at()})
		}
		r := run(planned)
		r.Targets[0].Deployments = nil
		var cells []*sample.Cell
		for round := 1; round <= 3; round++ {
			d := record.Deployment{Round: round}
			for _, f := range planned {
				if rng.IntN(5) > 0 {
					d.Events = append(d.Events, injected(f.Kind, f.At+time.Duration(rng.IntN(int(20*ms)))))
				}
			}
			slices.SortFunc(d.Events, func(a, b record.Event) int { return a.At.Compare(b.At) })
			r.Targets[0].Deployments = append(r.Targets[0].Deployments, d)
			var outages []record.Outage
			for from := at() / 4; from < 10*s && len(outages) < 4; from += at() / 2 {
				to := from + at()/10
				o := record.Outage{First: from, Last: to, Errors: counted(fmt.Sprint("class ", rng.IntN(3)), 1+rng.Int64N(50))}
				if rng.IntN(4) > 0 {
					o.Recovered = to + at()/10
				}
				outages, from = append(outages, o), to+s
			}
			c := steady(10, outages...)
			c.Round = round
			c.Ledger.Censored = rng.Int64N(5)
			c.Ledger.OK -= c.Ledger.Censored
			c.Ledger.Scheduled += rng.Int64N(9)
			cells = append(cells, c)
		}
		got := Analyse(r, cells)
		var all record.Ledger
		for _, c := range cells {
			all = all.Plus(c.Ledger)
		}
		a := got.Accounts[0]
		if a.Scheduled != all.Scheduled || a.Scheduled != a.InTime+a.Late+a.Lost+a.Besides+a.Censored+a.Unsent {
			t.Fatalf("seed %d: %+v does not add up to the ledger, %+v", seed, a, all)
		}
		if a.Lost+a.Besides != all.Failed || a.Besides < 0 {
			t.Fatalf("seed %d: %d lost and %d besides, want %d in all", seed, a.Lost, a.Besides, all.Failed)
		}
		for _, f := range got.Faults {
			var classed int64
			for _, e := range f.Errors {
				classed += e.Count
			}
			if classed != f.Lost {
				t.Fatalf("seed %d: %d of %d lost requests have a class", seed, classed, f.Lost)
			}
		}
	}
}

// TestSumUp counts what did not happen in a round as no time, and leaves out what is not known.
func TestSumUp(t *testing.T) {
	f := Fault{Cases: []Case{
		{Limit: 10 * ms, Lost: 3, First: ms, Last: 441 * ms, Recovered: 460 * ms, Excursion: 15 * s, New: NewServer{Answered: 460 * ms}},
		{Limit: 10 * ms, New: NewServer{Began: ms}}, {Limit: 10 * ms},
	}}
	f.sumUp()
	for name, got := range map[string]sample.Times{"errors": f.Burst, "back": f.Recovered, "high": f.Excursion} {
		if got.N != 3 || got.Median.Value != 0 || got.Max == 0 {
			t.Errorf("%s: a median of %v and at most %v in %d rounds, want 0 and more in 3", name, got.Median.Value, got.Max, got.N)
		}
	}
	if f.Answered.N != 1 || f.Answered.Median.Value != 460*ms || f.Losing() != 1 || f.Slowed() != 1 {
		t.Errorf("the new server answered after %v in %d rounds; lost in %d, slow in %d; want 460ms in 1, 1, 1", f.Answered.Median.Value, f.Answered.N, f.Losing(), f.Slowed())
	}
}

// TestShareOf finds how much of the load the replica carried that was hit, and nothing where
// nothing tells.
func TestShareOf(t *testing.T) {
	fault := record.Event{At: began().Add(10 * s), Kind: record.EventInjected, Fault: "pod-kill", Replica: "hit"}
	ready := record.Event{At: began(), Kind: record.EventReady, Replica: "hit", Address: "10.0.0.1:80"}
	served := func(id string, first, last time.Duration, before int64) record.Replica {
		r := record.Replica{ID: id, First: first, Last: last, OK: 100}
		if before > 0 {
			r.Before = []record.AnswersBefore{{Fault: 2 * s, Answers: 7}, {Fault: 10 * s, Answers: before}}
		}
		return r
	}
	share := func(x float64) *float64 { return &x }
	for name, c := range map[string]struct {
		replicas []record.Replica
		want     *float64
	}{
		"counted":                  {[]record.Replica{served("hit", s, 30*s, 25), served("b", s, 30*s, 75)}, share(0.25)},
		"by its address":           {[]record.Replica{served("10.0.0.1:80", s, 30*s, 25), served("b", s, 30*s, 75)}, share(0.25)},
		"counted, none":            {[]record.Replica{served("hit", s, 30*s, 0), served("b", s, 30*s, 75)}, share(0)},
		"not counted":              {[]record.Replica{served("hit", s, 30*s, 0), served("b", s, 30*s, 0)}, nil},
		"not counted, none":        {[]record.Replica{served("b", s, 30*s, 0)}, share(0)},
		"not counted, long ago":    {[]record.Replica{served("hit", s, 4*s, 0), served("b", s, 30*s, 0)}, share(0)},
		"not counted, after it":    {[]record.Replica{served("b", s, 30*s, 0), served("hit", 11*s, 30*s, 0)}, share(0)},
		"nobody is named":          {[]record.Replica{served("", s, 30*s, 0)}, nil},
		"nobody answered for long": {[]record.Replica{served("b", 20*s, 30*s, 0)}, nil},
	} {
		f := Case{At: 10*s + 20*ms, planned: 10 * s, Replica: "hit"}
		f.shareOf(&sample.Cell{Cell: &record.Cell{Replicas: c.replicas}}, []record.Event{ready, fault})
		if diff := cmp.Diff(c.want, f.Share); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if idle := f.Idle(); idle != (c.want != nil && *c.want == 0) {
			t.Errorf("%s: idle %t", name, idle)
		}
	}
}

// TestReplicasBefore counts the replicas that were there when the fault was injected, and none that
// came in their place.
func TestReplicasBefore(t *testing.T) {
	of := func(kind, id string, at time.Duration) record.Event {
		return record.Event{At: began().Add(at), Kind: kind, Replica: id}
	}
	served := func(id string, first, last time.Duration) record.Replica {
		return record.Replica{ID: id, First: first, Last: last, OK: 1}
	}
	for name, c := range map[string]struct {
		events   []record.Event
		replicas []record.Replica
		want     int
	}{
		"told": {
			[]record.Event{of(record.EventReady, "a", -s), of(record.EventReady, "b", -s), of(record.EventReady, "gone", -s), of(record.EventEnded, "gone", 4*s), of(record.EventEnded, "a", 11*s), of(record.EventReady, "new", 12*s)},
			[]record.Replica{served("a", s, 9*s), served("gone", s, 4*s), served("new", 13*s, 20*s)}, 2,
		},
		"a single server":    {[]record.Event{of(record.EventReady, "", -s), of(record.EventReady, "", 12*s)}, nil, 1},
		"by their answers":   {[]record.Event{of(record.EventEnded, "", 11*s)}, []record.Replica{served("a", s, 9*s), served("gone", s, 4*s), served("new", 13*s, 20*s)}, 1},
		"nobody says a word": {nil, []record.Replica{served("", s, 20*s)}, 0},
	} {
		f := Case{At: 10 * s}
		if got := f.replicasBefore(&sample.Cell{Cell: &record.Cell{Started: began(), Replicas: c.replicas}}, c.events); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
