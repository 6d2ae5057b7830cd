package analysis_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/document/sentence"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"

	"github.com/google/go-cmp/cmp"
)

// second is the second measured cell of the fixture: container, round 1.
func second(run *record.Run) *record.Cell {
	for i := range run.Cells {
		if c := &run.Cells[i]; c.Measured && c.Target == "container" {
			return c
		}
	}
	return nil
}

// TestDiagnostics spoils an ordinary run in one way at a time.
func TestDiagnostics(t *testing.T) {
	dir, err := recordtest.Write(t.TempDir(), recordtest.Compare())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		rule   string
		fatal  bool
		target string
		spoil  func(*record.Run)
	}{
		{"sent", true, "container", func(r *record.Run) {
			c := second(r)
			c.Ledger.Scheduled += 12
			c.Slices[3].Scheduled += 12
		}},
		{"rate", true, "container", func(r *record.Run) { second(r).Achieved *= 0.985 }},
		{"generator-cpu", true, "container", func(r *record.Run) { second(r).Instrument.SendingCPU = second(r).Span * 81 / 100 }},
		{"worker-cap", true, "container", func(r *record.Run) { second(r).Instrument.Workers = second(r).Instrument.WorkerCap }},
		{"descriptors", true, "container", func(r *record.Run) { second(r).Errors[0].Class = "descriptors" }},
		{"ports", true, "container", func(r *record.Run) { second(r).Errors[0].Class = "ports" }},
		{"out-of-range", true, "container", func(r *record.Run) { second(r).Instrument.OutOfRange = 1 }},
		{"unverified", false, "container", func(r *record.Run) {
			r.Targets[1].Facts = append(r.Targets[1].Facts, record.Fact{Name: record.FactTLS, State: record.Unverified})
		}},
		{"expiry", false, "container", func(r *record.Run) {
			r.Targets[1].Facts = append(r.Targets[1].Facts, record.Fact{Name: record.FactExpiry, State: record.NoExpiry, Value: "none"})
		}},
		{"stall", false, "container", func(r *record.Run) { second(r).Slices[3].InFlight = 100 }},
		{"memory", false, "container", func(r *record.Run) { second(r).Usage.Resident = 80 << 20 }},
		{"injected", false, "", func(r *record.Run) { r.Scenario.Phases[1].Injected = []string{"wrong=1%"} }},
		{"injected", false, "container", func(r *record.Run) {
			r.Targets[1].Facts = append(r.Targets[1].Facts, record.Fact{Name: record.FactInjected, Value: "wrong=1%"})
		}},
		{"gaps", false, "container", func(r *record.Run) {
			second(r).Instrument.Gaps = record.Gaps{N: 3999, Planned: 1, Sent: 1.8}
		}},
		{"scheduler", false, "container", func(r *record.Run) { second(r).Instrument.SchedP99 = 2 * time.Millisecond }},
		{"gc", false, "container", func(r *record.Run) { second(r).Instrument.GCPauseMax = 2 * time.Millisecond }},
		{"floor", false, "container", func(r *record.Run) {
			r.Calibration = &record.Calibration{MaxRate: 5000, Floors: []record.Floor{{Rate: 400, P50: 400 * time.Microsecond}}}
			for i := range r.Cells {
				if r.Cells[i].Target == "physical" {
					r.Cells[i].Measured = false
				}
			}
			r.Targets[0].Unavailable = "not here"
		}},
		{"descriptors", true, "", func(r *record.Run) {
			r.Cells = nil
			r.Preflight = []record.Diagnostic{{Rule: "descriptors", Figure: "64 open files", Threshold: "≥ 532", Text: "too few", Action: "ulimit -n 532"}}
		}},
		{"retries", false, "container", func(r *record.Run) { second(r).Instrument.Retries = 2 }},
		{"connect", false, "container", func(r *record.Run) { second(r).Instrument.Resent = 2 }},
		{"credentials", false, "container", func(r *record.Run) { second(r).Instrument.Renewals = record.Renewals{Failed: "the role is gone"} }},
		{"renewals", false, "container", func(r *record.Run) {
			second(r).Instrument.Renewals = record.Renewals{N: 1000, Took: 20 * time.Millisecond}
		}},
		{"init-cpu", false, "container", func(r *record.Run) {
			for i := range r.Cells {
				r.Cells[i].Usage.Meters = []record.Meter{{Name: record.MeterStarted, Value: 20}, {Name: record.MeterReady}, {Name: record.MeterInit, Unit: "ms", Value: 30000}, {Name: record.MeterInitWait, Unit: "ms"}, {Name: record.MeterStartWait, Unit: "ms"}}
				if r.Cells[i].Target == "container" {
					r.Cells[i].Usage.Meters[3].Value, r.Cells[i].Usage.Meters[4].Value = 5100, 2000
				}
			}
		}},
		{"disk", false, "container", func(r *record.Run) { second(r).Instrument.Stalls = 1 }},
		{"look-ahead", false, "container", func(r *record.Run) { second(r).Instrument.Unprepared = 1 }},
		{"ledger", true, "container", func(r *record.Run) { second(r).Ledger.OK-- }},
		{"ledger", true, "container", func(r *record.Run) { second(r).Slices[3].OK-- }},
		{"ledger", true, "container", func(r *record.Run) { second(r).Slices[3].Sent-- }},
		{"ledger", true, "container", func(r *record.Run) { second(r).Slices[3].Scheduled++ }},
		{"schedule", true, "physical", func(r *record.Run) { r.Scenario.Phases[1].Rate *= 1.3 }},
		{"record", true, "container", func(r *record.Run) { second(r).Failed = "write record: no space left on device" }},
		{"interrupted", false, "", func(r *record.Run) { r.Interrupted = "stopped in phase steady of container in round 3 of 3" }},
		{"unfinished", false, "", func(r *record.Run) { r.Finished = time.Time{} }},
		{"server-died", false, "container", func(r *record.Run) { r.Targets[1].Deployments[1].Failed = "signal: killed" }},
		{"server-removed", true, "container", func(r *record.Run) {
			d := &r.Targets[1].Deployments[1]
			d.Failed, d.Removed = "the namespace servebench-1 was deleted by somebody else", true
		}},
		{"not-ready", false, "container", func(r *record.Run) {
			r.Targets[1].Deployments[1] = record.Deployment{Round: 2, Failed: "exit status 1: no such model"}
		}},
		{"first-answer", false, "container", func(r *record.Run) {
			d := &r.Targets[1].Deployments[1]
			d.FirstAnswerError, d.Stages = "status 404: no such model", d.Stages[:2]
		}},
		{"first-answer-retried", false, "container", func(r *record.Run) {
			r.Targets[1].Deployments[1].FirstAnswerRetried = "it took 2 requests, and the first failed: status 500"
		}},
		{"fault", false, "container", func(r *record.Run) {
			r.Faults = []record.Fault{{Target: "container", Round: 2, Text: "remove the server: device busy"}}
		}},
		{"left-behind", false, "", func(r *record.Run) {
			r.Faults = []record.Fault{{Text: "remove the image servebench/1: the engine did not do so within 30s", Left: true}}
		}},
		{"fault", false, "", func(r *record.Run) { r.Faults = []record.Fault{{Text: "save run: no space left on device"}} }},
		{"not-ready", false, "container", func(r *record.Run) {
			r.Targets[1].Deployments[1] = record.Deployment{Round: 2, Failed: "exit status 1"}
			r.Faults = []record.Fault{{Target: "container", Round: 2, Text: "deploy on container in round 2: exit status 1", Recorded: true}}
		}},
		{"missing-rounds", false, "container", func(r *record.Run) {
			r.Cells = slices.DeleteFunc(r.Cells, func(c record.Cell) bool { return c.Target == "container" && c.Round == 2 })
		}},
		{"generator-alone", false, "", func(r *record.Run) {
			r.Environment = append(r.Environment, record.Fact{Name: "generator CPUs", Value: "0, shared with the target", Unequal: true})
		}},
		{"environment", false, "", func(r *record.Run) {
			r.Environment = append(r.Environment, record.Fact{Name: "turbo", Value: "on", Unequal: true})
		}},
		{"health-check", false, "", func(r *record.Run) { r.Scenario.Template = "GET /v2/health/ready" }},
		{"health-check", false, "", func(r *record.Run) { r.Scenario.Template = "GET /health" }},
		{"one-round", false, "", func(r *record.Run) { r.Scenario.Rounds = 1 }},
		{"labels", false, "container", func(r *record.Run) {
			a := &second(r).Answers
			a.Correct, a.Unlike, a.Example = 0, a.Labelled, record.Unlike{Answer: "1", AnswerKind: record.KindNumber, Label: `"yes"`, LabelKind: record.KindText}
		}},
		{"agreement-unknown", false, "container", func(r *record.Run) {
			for i := range r.Cells {
				if r.Cells[i].Target == "container" {
					r.Cells[i].Answers.Checked, r.Cells[i].Answers.Agreed = 0, 0
				}
			}
		}},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			t.Parallel()
			run, err := record.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			for i := range run.Targets {
				for k := range run.Targets[i].Facts {
					run.Targets[i].Facts[k].Unequal = false
				}
			}
			tt.spoil(run)
			a := analyse(t, run)
			i := slices.IndexFunc(a.Diagnostics, func(d record.Diagnostic) bool { return d.Rule == tt.rule })
			if i < 0 {
				t.Fatalf("no such diagnostic: %+v", a.Diagnostics)
			}
			d := a.Diagnostics[i]
			if (d.Severity == record.SeverityError) != tt.fatal || d.Target != tt.target || d.Text == "" || d.Figure == "" || d.Action == "" {
				t.Errorf("%+v", d)
			}
			if valid := a.Validity == record.Valid; valid == tt.fatal {
				t.Errorf("the run is %s", a.Validity)
			}
			if tt.fatal && (a.Verdict != record.InvalidInstrument || a.Gates[0].Verdict != record.InvalidInstrument) {
				t.Errorf("verdict %s, gates %+v", a.Verdict, a.Gates[0])
			}
			for _, other := range a.Diagnostics {
				// Fewer rounds have fewer samples.
				if other.Rule != tt.rule && other.Rule != "samples" {
					t.Errorf("a diagnostic that was not asked for: %+v", other)
				}
			}
		})
	}
}

// Lag is held against the target's own response times, but never against less
// than a millisecond.
func TestLagRule(t *testing.T) {
	for _, tt := range []struct {
		name         string
		lag, service time.Duration
		fatal        bool
	}{
		{"small", 100 * time.Microsecond, time.Millisecond, false},
		{"large beside fast answers", 900 * time.Microsecond, time.Millisecond, true},
		{"the same beside slow answers", 900 * time.Microsecond, 80 * time.Millisecond, false},
	} {
		p := recordtest.Compare()
		p.Targets = p.Targets[:1]
		p.Targets[0].Lag, p.Targets[0].Service = tt.lag, tt.service
		a := analyse(t, recordtest.Open(t, p))
		var rules []string
		for _, d := range a.Diagnostics {
			if d.Severity == record.SeverityError {
				rules = append(rules, d.Rule)
			}
		}
		want := []string(nil)
		if tt.fatal {
			want = []string{"lag"}
		}
		if diff := cmp.Diff(want, rules); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
}

// Where a hypervisor took the CPUs away, no advice about this machine helps.
func TestLagByTheHypervisor(t *testing.T) {
	p := recordtest.Compare()
	p.Targets = p.Targets[:1]
	p.Targets[0].Lag, p.Targets[0].Service = 900*time.Microsecond, time.Millisecond
	run := recordtest.Open(t, p)
	if d := analyse(t, run).Diagnostics[0]; strings.Contains(d.Text, "hypervisor") {
		t.Errorf("%+v, want no talk of a hypervisor that took nothing", d)
	}
	for i := range run.Cells {
		run.Cells[i].Machine = record.Machine{Known: true, Stolen: 0.31}
	}
	if d := analyse(t, run).Diagnostics[0]; d.Rule != "lag" || !strings.Contains(d.Text, "hypervisor kept 31 %") || !strings.Contains(d.Action, "no other guest") {
		t.Errorf("%+v, want it to name what the hypervisor took", d)
	}
}

// An ordinary user is told what rights would help, and nobody else.
func TestLagForWantOfRights(t *testing.T) {
	p := recordtest.Compare()
	p.Targets = p.Targets[:1]
	p.Targets[0].Lag, p.Targets[0].Service = 900*time.Microsecond, time.Millisecond
	for value, told := range map[string]bool{
		"ordinary: raise priority: operation not permitted":  true,
		"ordinary: raise priority: permission denied":        true,
		"ordinary: raise priority: not on darwin":            false,
		"ordinary, since it shares its CPUs with the target": false,
		"real-time while it sends":                           false,
	} {
		run := recordtest.Open(t, p)
		run.Environment = append(run.Environment, record.Fact{Name: record.FactPriority, Value: value, State: "ordinary", Denied: told})
		if d := analyse(t, run).Diagnostics[0]; d.Rule != "lag" || strings.Contains(d.Action, "CAP_SYS_NICE") != told {
			t.Errorf("%s: %+v", value, d)
		}
	}
}

// Of few requests, one that is late is the p99 and says nothing; several do.
func TestLagRuleWithFewRequests(t *testing.T) {
	for _, tt := range []struct {
		late  int64
		fatal bool
	}{{0, false}, {1, false}, {4, true}} {
		p := recordtest.Compare()
		p.Targets, p.Rounds = p.Targets[:1], 1
		p.Phases[1].Rate = 4
		p.Targets[0].Late = tt.late
		run := recordtest.Open(t, p)
		a := analyse(t, run)
		if fatal := a.Diagnostics[0].Rule == "lag" && a.Diagnostics[0].Severity == record.SeverityError; fatal != tt.fatal || (a.Validity == record.Invalid) != tt.fatal {
			t.Errorf("%d of %d late: %s, %+v", tt.late, run.Cells[1].Ledger.Sent, a.Validity, a.Diagnostics)
		}
		if v := a.Vitals(); v.Late.K != tt.late || v.LagKnown {
			t.Errorf("vitals %+v, want %d late and no p99 of so few", v, tt.late)
		}
	}
}

// Several rounds with the same fault make one diagnostic, with the worst figure.
func TestDiagnosticsCollapseOverRounds(t *testing.T) {
	run := recordtest.Open(t, recordtest.Compare())
	shares := []time.Duration{85, 93, 88}
	for i := range run.Cells {
		if c := &run.Cells[i]; c.Measured && c.Target == "physical" {
			c.Instrument.SendingCPU = c.Span * shares[c.Round-1] / 100
		}
	}
	var found []record.Diagnostic
	for _, d := range analyse(t, run).Diagnostics {
		if d.Rule == "generator-cpu" {
			found = append(found, d)
		}
	}
	if len(found) != 1 || found[0].Round != 2 || found[0].Figure != "generator CPU 93 %" || !slices.Equal(found[0].Also, []int{1, 3}) {
		t.Errorf("%+v", found)
	}
}

// Diagnostics are in the order of the targets, whichever was measured first.
func TestDiagnosticsAreInTheOrderOfTargets(t *testing.T) {
	run := recordtest.Open(t, recordtest.Compare())
	slices.Reverse(run.Cells)
	for i := range run.Cells {
		run.Cells[i].Instrument.SendingCPU = run.Cells[i].Span * 95 / 100
	}
	var targets []string
	for _, d := range analyse(t, run).Diagnostics {
		if d.Rule == "generator-cpu" {
			targets = append(targets, d.Target)
		}
	}
	if want := []string{run.Targets[0].Name, run.Targets[1].Name}; !slices.Equal(targets, want) {
		t.Errorf("%v, want %v", targets, want)
	}
}

// A generator at the end of its strength is seen however long the last answer was
// waited for, in the pooled row as well.
func TestDrainHidesNoBusyGenerator(t *testing.T) {
	run := recordtest.Open(t, recordtest.Compare())
	c := second(run)
	c.Instrument.SendingCPU = c.Span * 95 / 100
	c.Elapsed = 4 * c.Span
	a := analyse(t, run)
	if a.Diagnostics[0].Rule != "generator-cpu" || a.Diagnostics[0].Figure != "generator CPU 95 %" {
		t.Errorf("%+v", a.Diagnostics[0])
	}
	if share, known := a.Rows[1].GeneratorCPU(); !known || share != 0.95 {
		t.Errorf("pooled over rounds: %v, known %v; want the busiest round's", share, known)
	}
	if v := a.Vitals(); v.GeneratorCPU != 0.95 {
		t.Errorf("vitals %+v", v)
	}
}

// A fault that comes again and again is one diagnostic, which counts it.
func TestFaultsCollapse(t *testing.T) {
	run := recordtest.Open(t, recordtest.Compare())
	const full = "save run: no space left on device"
	run.Faults = []record.Fault{
		{Text: full}, {Text: full},
		{Target: "physical", Round: 1, Text: "remove the server"}, {Target: "physical", Round: 3, Text: "remove the server"},
		{Target: "physical", Round: 3, Text: "something else"},
	}
	var texts []string
	for _, d := range analyse(t, run).Diagnostics {
		if d.Rule == "fault" {
			texts = append(texts, strings.TrimPrefix(sentence.Diagnostic(d), "the run had errors: "))
		}
	}
	if diff := cmp.Diff([]string{full + " (2 times)", "remove the server (also in round 3)", "something else"}, texts); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A server that came up, answered wrongly and died did come up.
func TestServerWithoutFirstAnswerCameUp(t *testing.T) {
	run := recordtest.Open(t, recordtest.Compare())
	d := &run.Targets[1].Deployments[1]
	d.FirstAnswerError, d.Failed, d.Stages = "status 404", "signal: killed", d.Stages[:2]
	var rules []string
	for _, d := range analyse(t, run).Diagnostics {
		if d.Target == "container" && d.Round == 2 {
			rules = append(rules, d.Rule)
		}
	}
	if diff := cmp.Diff([]string{"server-died", "first-answer"}, rules); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Servers that fail round after round make one diagnostic.
func TestFailedDeploymentsCollapse(t *testing.T) {
	run := recordtest.Open(t, recordtest.Compare())
	for i := range run.Targets[1].Deployments {
		run.Targets[1].Deployments[i] = record.Deployment{Round: i + 1, Failed: "exit status 1"}
	}
	var found []record.Diagnostic
	for _, d := range analyse(t, run).Diagnostics {
		if d.Rule == "not-ready" {
			found = append(found, d)
		}
	}
	if len(found) != 1 || !strings.HasSuffix(sentence.Diagnostic(found[0]), "exit status 1 (also in rounds 2, 3)") || found[0].Round != 1 {
		t.Errorf("%+v", found)
	}
}

// The cell in which the user stopped the run is no fault of the instrument; an
// earlier one that could not be sent still is.
func TestStoppedCellIsNotTheInstrumentsFault(t *testing.T) {
	p := recordtest.Compare()
	p.Targets[1].StopsAt = 4 * time.Second
	run := recordtest.Open(t, p)
	run.Interrupted = "stopped in phase steady of container in round 3 of 3"
	if a := analyse(t, run); a.Validity != record.Valid {
		t.Errorf("%+v", a.Diagnostics)
	}
	for i := range run.Cells {
		run.Cells[i].Stopped = false
	}
	if a := analyse(t, run); a.Validity != record.Invalid || a.Diagnostics[0].Rule != "sent" || a.Diagnostics[0].Round != 3 {
		t.Errorf("%s: %+v", a.Validity, a.Diagnostics)
	}
}
