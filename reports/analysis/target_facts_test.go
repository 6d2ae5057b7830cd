package analysis_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"

	"github.com/google/go-cmp/cmp"
)

func TestAcceleration(t *testing.T) {
	for _, want := range []string{record.KVM, record.TCG, ""} {
		target := record.Target{Name: "anything", Facts: []record.Fact{{Name: "engine", Value: "TCG", State: "TCG"}, {Name: record.FactAcceleration, Value: "TCG, because", State: want}}}
		if got := sample.Acceleration(target); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func rulesOf(a *analysis.Analysis) map[string]string {
	rules := map[string]string{}
	for _, d := range a.Diagnostics {
		rules[d.Rule] += d.Target + ": " + d.Text
	}
	return rules
}

// What was emulated, what ran already and what is not equal is said once each.
func TestUnequalConditionsAreSaid(t *testing.T) {
	p := recordtest.Running()
	p.Targets = append(p.Targets, recordtest.Overhead().Targets[2])
	p.Targets[2].Facts = append(p.Targets[2].Facts, record.Fact{Name: "network path", Value: "user mode", Unequal: true})
	a := analyse(t, recordtest.Open(t, p))
	got := rulesOf(a)
	for rule, want := range map[string]string{
		"emulated": "vm: its guest ran under TCG: its figures are those of software emulation",
		"running":  "endpoint: the server ran already",
		"unequal":  ": network path could not be made equal between the targets: physical: loopback; vm: user mode",
	} {
		if !strings.HasPrefix(got[rule], want) {
			t.Errorf("%s: %q, want %q", rule, got[rule], want)
		}
	}
	for _, once := range []string{"acceleration", "limits could not"} {
		if strings.Contains(got["unequal"], once) {
			t.Errorf("%q is said twice: %q", once, got["unequal"])
		}
	}
	if diff := cmp.Diff([]string{"physical", "endpoint", "vm (TCG)"}, []string{a.Label("physical"), a.Label("endpoint"), a.Label("vm")}); diff != "" {
		t.Error(diff)
	}
}

// A target that is alone differs from what was asked for, not from others.
func TestUnequalAlone(t *testing.T) {
	p := recordtest.Compare()
	p.Targets = p.Targets[:1]
	if got := rulesOf(analyse(t, recordtest.Open(t, p)))["unequal"]; got != "physical: network path is not what the scenario asks for: loopback" {
		t.Errorf("%q", got)
	}
}

// How many CPUs the servers see is said where it is not the same everywhere.
func TestUnequalVisibleCPUs(t *testing.T) {
	for vm, want := range map[int]string{2: "", 1: ": CPUs visible could not be made equal between the targets: physical: 2; container: 2; vm: 1"} {
		p := recordtest.Overhead()
		p.Targets = p.Targets[:3]
		for i, n := range []int{2, 2, vm} {
			p.Targets[i].Facts = []record.Fact{{Name: record.FactVisibleCPUs, Value: strconv.Itoa(n), Count: n}}
		}
		if got := rulesOf(analyse(t, recordtest.Open(t, p)))["unequal"]; got != want {
			t.Errorf("with %d: %q, want %q", vm, got, want)
		}
	}
}

// A meter that one cell lacks is not summed up.
func TestMeters(t *testing.T) {
	p := recordtest.Overhead()
	p.Targets, p.Rounds = p.Targets[3:], 3
	run := recordtest.Open(t, p)
	row := func() sample.Row {
		a := analyse(t, run)
		return a.Rows[slices.IndexFunc(a.Rows, func(r sample.Row) bool { return r.Target == "lambda" && r.Phase == "noop" })]
	}
	want := []record.Meter{{Name: "invocations", Value: 3 * 400}, {Name: "environments started", Value: 6}, {Name: "throttled"},
		{Name: "billed duration", Unit: "ms", Value: 3 * 492}, {Name: "GB-seconds", Unit: "GB-s", Value: 3 * 0.85}}
	got := row()
	for i, m := range got.Usage.Meters {
		got.Usage.Meters[i].Value = float64(int64(m.Value*1000+0.5)) / 1000
	}
	if diff := cmp.Diff(want, got.Usage.Meters); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	i := slices.IndexFunc(run.Cells, func(c record.Cell) bool { return c.Target == "lambda" && c.Phase == "noop" && c.Round == 2 })
	run.Cells[i].Usage.Meters = run.Cells[i].Usage.Meters[1:]
	if got := row().Usage.Meters; len(got) != 4 || got[0].Name != "environments started" {
		t.Errorf("meters %+v, want those that every cell has", got)
	}
}

func TestMeterRequests(t *testing.T) {
	a := &analysis.Analysis{Set: &sample.Set{}}
	for _, sent := range []int64{0, 1000} {
		a.Rows = append(a.Rows, sample.Row{Ledger: record.Ledger{Sent: sent}, Usage: record.Usage{Meters: []record.Meter{
			{Name: "each", Value: 2500}, {Name: "seldom", Value: 2}, {Name: "never"}}}})
	}
	for name, want := range map[string]float64{"each": 1, "seldom": 1e6, "never": 1, "unheard of": 1} {
		if got := a.MeterRequests(record.Meter{Name: name}); got != want {
			t.Errorf("%s: per %v requests, want %v", name, got, want)
		}
	}
	if _, known := a.Rows[0].PerRequest(record.Meter{Value: 1}); known {
		t.Error("a count per request of none")
	}
	for want, got := range map[string]string{"2460 ms": format.Meter(2460, "ms"), "2,460 GB-s": format.Meter(2460, "GB-s"), "0.00213 GB-s": format.Meter(0.002134, "GB-s"), "12": format.Meter(12, "")} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Of a server that was not there, nobody says that it ran; and a guest that was
// emulated from a later round on is not told like one that always was.
func TestWhatWasSoOnlyInPart(t *testing.T) {
	run := recordtest.Open(t, recordtest.Running())
	run.Cells = run.Cells[:0]
	for i := range run.Targets[1].Deployments {
		run.Targets[1].Deployments[i].Failed = "connection refused"
	}
	run.Targets[0].Facts = []record.Fact{{Name: record.FactAcceleration, Value: "KVM, as asked for", State: record.KVM},
		{Name: "acceleration", Value: "TCG (software emulation), because", State: record.TCG, Unequal: true, Since: 2}}
	a := analyse(t, run)
	got := rulesOf(a)
	if got["running"] != "" || got["emulated"] != "" || !strings.Contains(got["unequal"], "physical: from round 2: TCG") || a.Label("physical") != "physical (KVM)" {
		t.Errorf("%q", got)
	}
}
