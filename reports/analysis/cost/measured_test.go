package cost_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/cost"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// searched is a run that probes 400/s in its first round on each target and certifies it in the
// three after it.
func searched(t *testing.T, change func(*recordtest.Plan)) *record.Run {
	t.Helper()
	p := recordtest.Compare()
	p.Phases = p.Phases[1:]
	p.Rounds = 4
	change(&p)
	run := recordtest.Open(t, p)
	run.Capacity = &record.Capacity{From: 400, Most: 400}
	for i := range run.Targets {
		step := record.SearchStep{Kind: record.Probe, Rate: 400, Settle: time.Second, Duration: 10 * time.Second, Target: run.Targets[i].Name, Round: 1}
		run.Capacity.Steps = append(run.Capacity.Steps, step)
		for part := range 3 {
			step.Kind, step.Attempt, step.Part, step.Round = record.Certify, 1, part+1, part+2
			run.Capacity.Steps = append(run.Capacity.Steps, step)
		}
		run.Targets[i].CPUs, run.Targets[i].Memory = 1, 512<<20
		if run.Targets[i].Name == "lambda-512" {
			run.Targets[i].Of = "lambda"
		}
	}
	for i := range run.Cells {
		run.Cells[i].RequestBytes, run.Cells[i].AnswerBytes = 600*run.Cells[i].Ledger.Sent, 120*run.Cells[i].Ledger.OK
	}
	return run
}

func TestOf(t *testing.T) {
	run := searched(t, func(p *recordtest.Plan) {
		lambda := p.Targets[0]
		lambda.Name = "lambda-512"
		lambda.Meters = []record.Meter{
			{Name: "invocations", Value: 4000}, {Name: record.MeterReady, Value: 2}, {Name: record.MeterInit, Unit: "ms", Value: 800},
			{Name: "billed duration", Unit: "ms", Value: 8000}, {Name: "billed compute", Unit: "GB-s", Value: 4},
		}
		emulated := p.Targets[0]
		emulated.Name, emulated.Facts = "vm", []record.Fact{{Name: record.FactAcceleration, Value: "TCG: no KVM", State: record.TCG}}
		p.Targets = []recordtest.Target{p.Targets[0], lambda, emulated}
		p.Environment = append(p.Environment, record.Fact{Name: record.FactArchitecture, Value: "arm64"})
	})
	a, err := analysis.Analyse(run)
	if err != nil {
		t.Fatal(err)
	}
	all := cost.Of(a.Set, a.Capacity, a.Diagnostics)
	if len(all) != 3 {
		t.Fatalf("%d measured, want 3", len(all))
	}
	m := all[0]
	if m.Target != "physical" || m.Kind != "physical" || m.Rate != 400 || m.Breaks != 0 || m.CPUs != 1 || m.MemoryGiB != 0.5 || !m.Arm || m.Processor == "" || m.Emulated != "" {
		t.Errorf("%+v", m)
	}
	if m.RequestBytes != 600 || m.AnswerBytes != 120 {
		t.Errorf("%g bytes asked, %g answered, want 600 and 120", m.RequestBytes, m.AnswerBytes)
	}
	if m.Service < 700*time.Microsecond || m.Service > 1200*time.Microsecond || m.Starts != 4 || m.ColdStart < 50*time.Millisecond {
		t.Errorf("service %v, %d starts of %v", m.Service, m.Starts, m.ColdStart)
	}
	if len(m.Limits) != 1 || math.Abs(m.Limits[0].Share-0.01) > 1e-12 || m.Limits[0].At != 50*time.Millisecond {
		t.Errorf("limits %+v", m.Limits)
	}
	lambda := all[1]
	if lambda.Kind != "lambda" || lambda.MemoryGiB != 0.5 || lambda.Emulated != cost.EmulatedLambda || lambda.Billed == nil {
		t.Fatalf("%+v", lambda)
	}
	// 4 GB-s for 4,000 requests, of which two initialisations of 400 ms and 0.5 GB take 0.4.
	if b := lambda.Billed; math.Abs(b.GBSeconds.Value-0.0009) > 1e-12 || !b.GBSeconds.NoLow || !b.GBSeconds.NoHigh || b.Rounds != 3 || math.Abs(b.Least-0.0009) > 1e-12 || b.Most != b.Least || math.Abs(b.Init-0.2) > 1e-9 {
		t.Errorf("billed %+v", b)
	}
	// What limits belief in the search on a target is told of it, and of no other.
	of := func(m cost.Measured, target string) bool {
		return slices.ContainsFunc(m.Diagnostics, func(d record.Diagnostic) bool { return d.Target == target })
	}
	if !of(all[2], "vm") || of(all[0], "vm") || !slices.ContainsFunc(all[2].Diagnostics, func(d record.Diagnostic) bool { return d.Rule == "emulated" }) {
		t.Errorf("diagnostics of physical %+v and of the VM %+v, of %+v", all[0].Diagnostics, all[2].Diagnostics, a.Diagnostics)
	}
	if all[2].Emulated != cost.EmulatedCPU {
		t.Errorf("%+v", all[2])
	}
}

func TestOfNothingCertified(t *testing.T) {
	run := searched(t, func(p *recordtest.Plan) { p.Targets = p.Targets[:1]; p.SLO.P99 = time.Millisecond })
	a, err := analysis.Analyse(run)
	if err != nil {
		t.Fatal(err)
	}
	a.Run.Finished = time.Time{} // as of a search that was killed
	if all := cost.Of(a.Set, a.Capacity, a.Diagnostics); one(t, all[0], "aws/us-east-1/lambda/x86_64", "constant:5/s", cost.Defaults()).Unfit.Kind != cost.Unfinished {
		t.Errorf("a search that is not finished: %+v", all)
	}
	a.Run.Finished = time.Now()
	all := cost.Of(a.Set, a.Capacity, a.Diagnostics)
	if len(all) != 1 || all[0].Rate != 0 || all[0].Service != 0 || all[0].Breaks != 400 {
		t.Errorf("%+v", all)
	}
	if e := one(t, all[0], "aws/us-east-1/ec2/c7i.large", "constant:5/s", cost.Defaults()); e.Unfit == nil || e.Unfit.Kind != cost.NoCapacity {
		t.Errorf("%+v", e)
	}
}
