package capacity_test

import (
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis/capacity"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// searchedRun is a search on physical that probes 400/s in its first round and certifies it in
// the two after it.
func searchedRun(t *testing.T, change func(*recordtest.Plan)) *record.Run {
	t.Helper()
	p := recordtest.Compare()
	p.Targets, p.Phases, p.Rounds = p.Targets[:1], p.Phases[1:], 4
	if change != nil {
		change(&p)
	}
	run := recordtest.Open(t, p)
	step := record.SearchStep{Kind: record.Probe, Rate: 400, Settle: time.Second, Duration: 10 * time.Second, Target: "physical", Round: 1}
	run.Capacity = &record.Capacity{From: 400, Most: 400, Steps: []record.SearchStep{step}}
	for part := range 3 {
		step.Kind, step.Attempt, step.Part, step.Round = record.Certify, 1, part+1, part+2
		run.Capacity.Steps = append(run.Capacity.Steps, step)
	}
	return run
}

// TestSearchIsMadeAgainFromItsRecord: whichever of its cells are measured.
func TestSearchIsMadeAgainFromItsRecord(t *testing.T) {
	run := searchedRun(t, nil)
	run.Cells[0].Measured = false
	all, err := capacity.Search(run)
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	s := all[0]
	if s.Certified != 400 || s.Breaks != 0 || s.Invalid || s.Probes != 1 || s.Attempts != 1 || s.Requests < 7000 || s.LimitedBy != "" {
		t.Errorf("%+v, want 400/s certified by three rounds", s.Result)
	}
	if len(s.Steps) != 4 || s.Steps[0].P99 <= 0 || s.Steps[0].Goodput < 300 || s.Steps[0].Load() > 1 || len(s.Steps[0].Over) != 3 {
		t.Errorf("steps %+v", s.Steps)
	}
	if step, more, err := capacity.Next(run, "physical"); more || err != nil {
		t.Errorf("goes on with %+v, %v", step, err)
	}
}

func TestSearchGoesOnWhereItsRecordEnds(t *testing.T) {
	run := searchedRun(t, nil)
	run.Capacity.Steps = run.Capacity.Steps[:2]
	step, more, err := capacity.Next(run, "physical")
	if err != nil || !more || step.Kind != record.Certify || step.Rate != 400 || step.Attempt != 1 || step.Part != 2 {
		t.Errorf("%+v, %t, %v; want the second part of the first attempt", step, more, err)
	}
}

// TestNoCapacityOfWhatIsNotBelieved: nor of a server that breaks a limit.
func TestNoCapacityOfWhatIsNotBelieved(t *testing.T) {
	run := searchedRun(t, nil)
	run.Capacity.Steps[2].Disturbed = "it was late"
	all, err := capacity.Search(run)
	if err != nil || !all[0].Invalid || all[0].Certified != 0 || all[0].Disturbed != "it was late" {
		t.Errorf("a generator that was the limit: %+v, %v", all, err)
	}
	run = searchedRun(t, nil)
	capped := &run.Cells[1].Instrument
	capped.Workers = capped.WorkerCap
	all, err = capacity.Search(run)
	if err != nil || !all[0].Invalid || all[0].Certified != 0 || !strings.Contains(all[0].Disturbed, "requests in flight") {
		t.Errorf("a generator at its cap of requests in flight: %+v, %v", all, err)
	}
	failing := searchedRun(t, func(p *recordtest.Plan) {
		p.SLO.Errors, p.Targets[0].Errors = new(0.0), []recordtest.Error{{Class: record.ErrorTimeout, Share: 0.004}}
	})
	failing.Capacity.Steps = failing.Capacity.Steps[:1]
	failing.Cells[0].Instrument.Workers = failing.Cells[0].Instrument.WorkerCap
	if all, err = capacity.Search(failing); err != nil || !all[0].Invalid || all[0].Breaks != 0 || !strings.Contains(all[0].Disturbed, "requests in flight") {
		t.Errorf("failures, where none may be, of a generator at its cap: %+v, %q, %v", all[0].Result, all[0].Disturbed, err)
	}
	ports := searchedRun(t, func(p *recordtest.Plan) {
		p.Targets[0].Errors = []recordtest.Error{{Class: record.ErrorPorts, Share: 0.6}}
	})
	for i := range ports.Cells {
		ports.Cells[i].Aborted = "abort_on: 60 % of the requests failed"
		ports.Cells[i].Instrument.Workers = ports.Cells[i].Instrument.WorkerCap
	}
	if all, err = capacity.Search(ports); err != nil || !all[0].Invalid || all[0].Breaks != 0 {
		t.Errorf("a generator without ports: %+v, %v", all[0].Result, err)
	}
	behind := searchedRun(t, nil)
	for i := range behind.Cells {
		behind.Cells[i].Aborted = "abort_on: 4,096 requests in flight"
		behind.Cells[i].Instrument.Workers = behind.Cells[i].Instrument.WorkerCap
	}
	if all, err = capacity.Search(behind); err != nil || all[0].Invalid || all[0].Breaks != 400 {
		t.Errorf("a server that fell behind: %+v, %v", all[0].Result, err)
	}
	for name, change := range map[string]func(*recordtest.Plan){
		"slow answers":   func(p *recordtest.Plan) { p.SLO.P99 = time.Millisecond },
		"a wrong answer": func(p *recordtest.Plan) { p.Targets[0].Wrong = 0.01 },
		"an error where none may be": func(p *recordtest.Plan) {
			p.SLO.Errors, p.Targets[0].Errors = new(0.0), []recordtest.Error{{Class: "status 500", Share: 0.004}}
		},
		"failing requests": func(p *recordtest.Plan) { p.Targets[0].Errors = []recordtest.Error{{Class: "timeout", Share: 0.05}} },
	} {
		all, err := capacity.Search(searchedRun(t, change))
		if err != nil || all[0].Certified != 0 || all[0].Breaks != 400 {
			t.Errorf("%s: %+v, %v; want no rate certified, and 400/s to break", name, all[0].Result, err)
		}
		if all[0].Steps[0].Load() <= 1 {
			t.Errorf("%s: the first step holds: %+v", name, all[0].Steps[0].Over)
		}
		if (name != "slow answers") != (all[0].LimitedBy == capacity.ByErrors) {
			t.Errorf("%s: limited by %q", name, all[0].LimitedBy)
		}
	}
}

func TestSearchable(t *testing.T) {
	none, some := 0.0, 0.01
	for _, tt := range []struct {
		slo  record.SLO
		want bool
	}{
		{record.SLO{}, false}, {record.SLO{Errors: &none}, false}, {record.SLO{Agreement: &some}, false},
		{record.SLO{Errors: &some}, true}, {record.SLO{P999: time.Second}, true}, {record.SLO{Service: record.Quantiles{P50: time.Second}}, true},
	} {
		if got := capacity.Searchable(tt.slo); got != tt.want {
			t.Errorf("%+v: %t", tt.slo, got)
		}
	}
}
