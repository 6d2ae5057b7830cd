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
			[]Case{{Round: 1, At: 3001 * ms, Done: "SIGKILL to process 4711", Noticed: 8 * ms, By: record.EventEnded, Ready: 187 * ms,
				First: -3 * ms, Last: 179 * ms, Recovered: 189 * ms, Lost: 19, Errors: counted(record.ErrorRefused, 19)}},
			Account{Scheduled: 1000, InTime: 981, Lost: 19},
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
			[]Case{{Round: 1, At: 6 * s, Done: "SIGKILL to process 4711", Healed: s, Excursion: s}},
			Account{Scheduled: 1000, InTime: 900, Late: 100},
		},
		"two faults, and failures before them": {
			[]record.Injection{kill, stop},
			[]record.Event{injected("process-kill", 3*s), injected("process-stop", 6*s), healed("process-stop", 7*s)},
			steady(10, record.Outage{First: s, Last: s, Recovered: 1010 * ms, Errors: counted(record.ErrorOther, 1)}, burst,
				record.Outage{First: 6100 * ms, Last: 6500 * ms, Recovered: 7010 * ms, Errors: counted(record.ErrorTimeout, 40)}),
			[]Case{
				{Round: 1, At: 3 * s, Done: "SIGKILL to process 4711", First: -2 * ms, Last: 180 * ms, Recovered: 190 * ms, Lost: 19, Errors: counted(record.ErrorRefused, 19)},
				{Round: 1, At: 6 * s, Done: "SIGKILL to process 4711", Healed: s, First: 100 * ms, Last: 500 * ms, Recovered: 1010 * ms, Lost: 40, Errors: counted(record.ErrorTimeout, 40)},
			},
			Account{Scheduled: 1000, InTime: 940, Lost: 59, Besides: 1},
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
				found.Before, found.Limit, found.Peak = 0, 0, 0 // see below
				if diff := cmp.Diff(want, found); diff != "" {
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

// slowed makes the answers of one second slow.
func slowed(c *sample.Cell, second int, took time.Duration) *sample.Cell {
	c.Seconds[second].Responses = answers(100, took)
	return c
}

// TestLimit holds p99 against the SLO's limit, or twice what it was.
func TestLimit(t *testing.T) {
	stop := record.Injection{Kind: "process-stop", Phase: "steady", At: 6 * s}
	for slo, want := range map[time.Duration]time.Duration{0: 4 * ms, 50 * ms: 50 * ms} {
		r := run([]record.Injection{stop}, injected("process-stop", 6*s))
		r.Scenario.SLO.P99 = slo
		found := Analyse(r, []*sample.Cell{slowed(steady(10), 7, 900*ms)}).Faults[0].Cases[0]
		near := func(a, b time.Duration) bool { return a >= b && a < b+b/500 }
		if !near(found.Before, 2*ms) || !near(found.Limit, want) || !near(found.Peak, 900*ms) || found.Excursion != 2*s {
			t.Errorf("SLO %v: %+v, want 2 ms before, the limit %v, a peak of 900 ms, 2 s above", slo, found, want)
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
