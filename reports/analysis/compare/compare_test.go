package compare_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/compare"
	"servebench/reports/analysis/stat"
	"servebench/reports/document/sentence"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// scenario is a resolved one as a run's record has it, in short.
const scenario = `name: compare
targets: [physical, container]
workload: {server: reference, model: credit}
protocol: v2
data: {generator: credit, corpus: 10000}
load:
  - {name: steady, arrivals: gamma, rate: 400, burstiness: 1}
timeout: 10s
attackers: 1
limits: {cpus: 1, memory: 512MiB}
container: {network: host}
`

// analyse is the analysis of a plan's run, spoiled.
func analyse(t *testing.T, p recordtest.Plan, spoil func(*record.Run)) *analysis.Analysis {
	t.Helper()
	run := recordtest.Open(t, p)
	run.Scenario.Text = scenario
	if spoil != nil {
		spoil(run)
	}
	a, err := analysis.Analyse(run)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// figure finds a figure.
func figure(t *testing.T, c *compare.Comparison, target, phase, metric string) compare.Figure {
	t.Helper()
	i := slices.IndexFunc(c.Figures, func(f compare.Figure) bool {
		return f.Target == target && f.Phase == phase && f.Metric == metric
	})
	if i < 0 {
		t.Fatalf("no %s of %s in %s", metric, target, phase)
	}
	return c.Figures[i]
}

// A run is like itself in everything.
func TestSameRun(t *testing.T) {
	a := analyse(t, recordtest.Compare(), nil)
	c := compare.Runs(a, a, nil)
	if !c.Comparable() || len(c.Differences) > 0 || len(c.Missing) > 0 || !c.Common() {
		t.Errorf("%+v", c)
	}
	metrics := map[string]int{}
	for _, f := range c.Figures {
		metrics[f.Metric]++
		same := 1.0
		if f.Metric == "error rate" {
			same = 0
		}
		if !f.Known || f.Change != same || f.Differs() != 0 {
			t.Errorf("%+v", f)
		}
		spread := f.Metric != record.MetricCPU || f.Target != "physical" // whose requests all take the same
		if f.HasInterval != (f.Base.N >= 3 && spread && (!f.Base.Pooled || f.Metric == "error rate")) || f.HasInterval && (f.Low > same || f.High < same) {
			t.Errorf("%+v", f)
		}
	}
	for _, m := range []string{record.MetricP50, record.MetricP90, record.MetricP99, record.MetricP999, record.MetricGoodput, record.MetricCPU, record.MetricColdStart, "error rate"} {
		if metrics[m] != 2 {
			t.Errorf("%d figures of %s, want one of either target", metrics[m], m)
		}
	}
}

// A server that got slower by a third shows so in its latency, and the other target
// does not.
func TestSlowerServer(t *testing.T) {
	p := recordtest.Compare()
	base := analyse(t, p, nil)
	p.Seed, p.Targets[0].Service = 7, p.Targets[0].Service*4/3
	fresh := analyse(t, p, func(r *record.Run) { r.Scenario.Seed = 1 })
	c := compare.Runs(base, fresh, nil)
	f := figure(t, c, "physical", "steady", record.MetricP50)
	if f.Differs() != 1 || f.Low > 4.0/3 || f.High < 4.0/3 || f.Change < 1.2 || f.Change > 1.45 {
		t.Errorf("%+v", f)
	}
	if f := figure(t, c, "container", "steady", record.MetricP50); f.Differs() != 0 {
		t.Errorf("%+v", f)
	}
	if f := figure(t, c, "physical", "steady", record.MetricP999); f.HasInterval || !f.Base.Pooled || !f.Known {
		t.Errorf("no round of 4,000 requests tells its p99.9: %+v", f)
	}
}

// More failures show in the error rate, as a difference.
func TestMoreErrors(t *testing.T) {
	p := recordtest.Compare()
	base := analyse(t, p, nil)
	p.Targets[0].Errors = []recordtest.Error{{Class: "timeout", Share: 0.05}}
	f := figure(t, compare.Runs(base, analyse(t, p, nil), nil), "physical", "steady", "error rate")
	if f.Differs() != 1 || f.Change < 0.03 || f.Change > 0.07 || f.Low > f.Change || f.High < f.Change {
		t.Errorf("%+v", f)
	}
}

// With one round there are ratios and no intervals; its 4,000 requests do not tell
// their p99.9.
func TestSingleRounds(t *testing.T) {
	p := recordtest.Compare()
	p.Rounds = 1
	a := analyse(t, p, nil)
	c := compare.Runs(a, a, nil)
	for _, f := range c.Figures {
		if f.HasInterval || f.Differs() != 0 || f.Known == (f.Metric == record.MetricP999) {
			t.Errorf("%+v", f)
		}
	}
	if notes := strings.Join(sentence.ComparisonNotes([]*compare.Comparison{c}), " "); !strings.Contains(notes, "single pair of runs cannot separate") {
		t.Error(notes)
	}
}

// Goodput with another deadline is another thing, and left out.
func TestDeadline(t *testing.T) {
	base := analyse(t, recordtest.Compare(), nil)
	p := recordtest.Compare()
	p.SLO.P99 = 20 * time.Millisecond
	c := compare.Runs(base, analyse(t, p, nil), nil)
	if !c.Comparable() || len(c.Differences) != 1 || !strings.Contains(c.Differences[0].What, "deadline") {
		t.Errorf("%+v", c.Differences)
	}
	for _, f := range c.Figures {
		if f.Metric == record.MetricGoodput {
			t.Errorf("%+v", f)
		}
	}
}

// What only one run has is named, with why.
func TestMissing(t *testing.T) {
	p := recordtest.Compare()
	base := analyse(t, p, nil)
	p.Targets[1].Unavailable = "Docker is gone"
	p.Phases = append(p.Phases, record.Phase{Name: "spike", Arrivals: "poisson", Rate: 100, Duration: 2 * time.Second, Measured: true, Open: true})
	c := compare.Runs(base, analyse(t, p, nil), nil)
	want := []compare.Missing{
		{Target: "container", InBase: true, Why: "Docker is gone"},
		{Target: "physical", Phase: "spike"},
	}
	if !slices.Equal(c.Missing, want) {
		t.Errorf("%+v", c.Missing)
	}
	if !c.Comparable() {
		t.Error("physical can be compared")
	}
	c = compare.Runs(base, analyse(t, recordtest.ByStatus(), nil), compare.KindNames())
	if c.Comparable() || c.Common() || !strings.Contains(sentence.ComparisonLine(c), "no target and phase in common") {
		t.Errorf("nothing in common, and %s", sentence.ComparisonLine(c))
	}
}

// Runs of starts alone are compared by them.
func TestColdStarts(t *testing.T) {
	p := recordtest.ColdStart()
	base := analyse(t, p, nil)
	p.Seed, p.Targets[0].Start = 3, p.Targets[0].Start*2
	c := compare.Runs(base, analyse(t, p, func(r *record.Run) { r.Scenario.Seed = 1 }), nil)
	f := figure(t, c, "physical", "", record.MetricColdStart)
	if !f.HasInterval || f.Low > 2 || f.High < 2 || f.Base.N != 20 || f.Unit != stat.Seconds {
		t.Errorf("%+v", f)
	}
	if f := figure(t, c, "container", "", record.MetricColdStart); f.Base.N != 18 {
		t.Errorf("%+v", f)
	}
}
