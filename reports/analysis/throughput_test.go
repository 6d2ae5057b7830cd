package analysis_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// slow is a plan of one target whose answers take so long, without scatter.
func slow(service time.Duration, phase record.Phase) recordtest.Plan {
	p := recordtest.Compare()
	p.SLO = record.SLO{}
	phase.Name, phase.Measured, phase.Arrivals = "steady", true, "constant"
	phase.Open = phase.Concurrency == 0
	p.Phases = []record.Phase{phase}
	p.Targets = p.Targets[:1]
	p.Targets[0].Service, p.Targets[0].Spread, p.Targets[0].Drift, p.Targets[0].Lag = service, 0, 0, time.Microsecond
	return p
}

// TestAnswersCountByTheirDueTime: answers that come after the schedule's end are as
// good as those before it.
func TestAnswersCountByTheirDueTime(t *testing.T) {
	for _, tt := range []struct {
		name    string
		service time.Duration
		phase   record.Phase
		set     func(*recordtest.Plan)
		// per second
		ok, goodput float64
	}{
		{name: "half a second an answer", service: 500 * time.Millisecond, phase: record.Phase{Rate: 20, Duration: 4 * time.Second}, ok: 20, goodput: 20},
		{name: "within a deadline", service: 500 * time.Millisecond, phase: record.Phase{Rate: 20, Duration: 4 * time.Second},
			set: func(p *recordtest.Plan) { p.SLO.P50 = 600 * time.Millisecond }, ok: 20, goodput: 20},
		{name: "beyond the deadline", service: 500 * time.Millisecond, phase: record.Phase{Rate: 20, Duration: 4 * time.Second},
			set: func(p *recordtest.Plan) { p.SLO.P50 = 400 * time.Millisecond }, ok: 20, goodput: 0},
		{name: "all after the end", service: 5 * time.Second, phase: record.Phase{Rate: 20, Duration: 4 * time.Second}, ok: 20, goodput: 20},
		{name: "scattered", service: time.Second, phase: record.Phase{Rate: 50, Duration: 4 * time.Second},
			set: func(p *recordtest.Plan) { p.Targets[0].Spread = 0.7 }, ok: 50, goodput: 50},
		{name: "stopped", service: 500 * time.Millisecond, phase: record.Phase{Rate: 20, Duration: time.Minute},
			set: func(p *recordtest.Plan) { p.Rounds, p.Targets[0].StopsAt = 1, 3*time.Second }, ok: 20, goodput: 20},
		{name: "concurrency", service: 500 * time.Millisecond, phase: record.Phase{Concurrency: 3, Duration: 4 * time.Second}, ok: 6, goodput: 6},
		{name: "workers whose last answers outlast the end", service: 700 * time.Millisecond, phase: record.Phase{Concurrency: 16, Duration: 4 * time.Second},
			ok: 16 / 0.7, goodput: 16 / 0.7},
		{name: "workers whose answers take longer than the load", service: 9 * time.Second, phase: record.Phase{Concurrency: 2, Duration: 4 * time.Second},
			ok: 2.0 / 9, goodput: 2.0 / 9},
		{name: "overloaded", service: time.Millisecond, phase: record.Phase{Rate: 200, Duration: 8 * time.Second},
			set: func(p *recordtest.Plan) { p.Targets[0].Capacity = 100 }, ok: 100, goodput: 100},
		// The first 20 come in time: each is 5 ms later than the one before.
		{name: "overloaded, with a deadline", service: time.Millisecond, phase: record.Phase{Rate: 200, Duration: 8 * time.Second},
			set: func(p *recordtest.Plan) { p.Targets[0].Capacity = 100; p.SLO.P50 = 100 * time.Millisecond }, ok: 100, goodput: 2.5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := slow(tt.service, tt.phase)
			if tt.set != nil {
				tt.set(&p)
			}
			a := analyse(t, recordtest.Open(t, p))
			for _, row := range append(a.Cells, a.Rows...) {
				if math.Abs(row.OKRate-tt.ok) > 0.02*tt.ok || math.Abs(row.Goodput-tt.goodput) > 0.02*tt.goodput+0.5 {
					t.Errorf("%.2f OK/s and goodput %.2f/s, want %.2f and %.2f", row.OKRate, row.Goodput, tt.ok, tt.goodput)
				}
			}
			overloaded := tt.ok < tt.phase.Rate
			if told := slices.Contains(rules(a), "behind"); told != overloaded {
				t.Errorf("diagnostics %v, want the server to fall behind: %v", rules(a), overloaded)
			}
		})
	}
}

// TestGoodputOfSlowAnswers passes a server that answers all in time, though after the
// schedule's end, and no other.
func TestGoodputOfSlowAnswers(t *testing.T) {
	p := slow(500*time.Millisecond, record.Phase{Rate: 20, Duration: 4 * time.Second})
	p.Targets[0].Spread, p.SLO.Goodput = 0.05, 19
	if a := analyse(t, recordtest.Open(t, p)); a.Verdict != record.Pass {
		t.Errorf("%s: %+v", a.Verdict, a.Gates)
	}
	p.Targets[0].Capacity = 10
	if a := analyse(t, recordtest.Open(t, p)); a.Verdict != record.Fail {
		t.Errorf("overloaded: %s: %+v", a.Verdict, a.Gates)
	}
}

// TestHeavyTrafficKeepsPace: a queue that grows and shrinks by chance is no server that
// falls behind.
func TestHeavyTrafficKeepsPace(t *testing.T) {
	p := slow(time.Millisecond, record.Phase{Rate: 200, Duration: 10 * time.Second})
	p.Phases[0].Arrivals = "poisson"
	p.Targets[0].Capacity, p.Rounds = 230, 20
	if a := analyse(t, recordtest.Open(t, p)); slices.Contains(rules(a), "behind") {
		t.Errorf("%+v", a.Diagnostics)
	}
}
