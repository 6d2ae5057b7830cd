package analysis_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/document/sentence"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"

	"github.com/google/go-cmp/cmp"
)

// started makes an analysis of starts whose first answers came after so many
// milliseconds, half of it to the stage before.
func started(ms ...int) *analysis.Analysis {
	t := record.Target{Name: "physical"}
	for i, at := range ms {
		whole := time.Duration(at) * time.Millisecond
		t.Deployments = append(t.Deployments, record.Deployment{Round: i + 1, Alone: true,
			Stages: []record.Stage{{Name: "ready", At: whole / 2}, {Name: record.FirstAnswer, At: whole}}})
	}
	return &analysis.Analysis{Set: &sample.Set{Run: &record.Run{Scenario: record.Scenario{ColdStarts: len(ms)}, Targets: []record.Target{t}}}}
}

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i + 1
	}
	return all
}

// The ranks of the bounds are those of the tables of David and Nagaraja (2003), section 7.1;
// the median is between the two in the middle.
func TestStartsAreToldByOrderStatistics(t *testing.T) {
	for _, tt := range []struct {
		n         int
		median    float64
		low, high int // milliseconds are ranks
	}{
		{1, 1, 0, 0}, {5, 3, 0, 0}, {2, 1.5, 0, 0}, {6, 3.5, 1, 6}, {10, 5.5, 2, 9}, {20, 10.5, 6, 15}, {100, 50.5, 40, 61},
	} {
		ms := upTo(tt.n)
		rand.New(rand.NewPCG(1, 2)).Shuffle(tt.n, func(i, k int) { ms[i], ms[k] = ms[k], ms[i] })
		whole := started(ms...).ColdStarts()[0].Whole()
		at := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
		want := stat.Quantile{Q: 0.5, Known: true, Value: time.Duration(tt.median * float64(time.Millisecond)), HasInterval: tt.low > 0, Low: at(tt.low), High: at(tt.high)}
		if diff := cmp.Diff(want, whole.Median); diff != "" {
			t.Errorf("n = %d: (-want +got)\n%s", tt.n, diff)
		}
		if whole.N != tt.n || whole.Min != at(1) || whole.Max != at(tt.n) || whole.P90.Known != (tt.n >= 100) {
			t.Errorf("n = %d: %+v", tt.n, whole)
		}
	}
}

// A start that failed is in no time, and what each stage took adds up.
func TestFailedStartsAreCountedApart(t *testing.T) {
	a := started(10, 20, 30)
	deployments := &a.Run.Targets[0].Deployments
	*deployments = append(*deployments,
		record.Deployment{Round: 4, Failed: "exit status 3"},
		record.Deployment{Round: 5, FirstAnswerError: "status 404", Stages: []record.Stage{{Name: "ready", At: time.Hour}}},
		record.Deployment{Round: 6}) // ended by somebody: neither
	(*deployments)[1].Failed = "it died later"
	c := a.ColdStarts()[0]
	if c.N != 3 || c.Failed != 2 || c.Whole().Max != 30*time.Millisecond {
		t.Errorf("%+v", c)
	}
	var took time.Duration
	for _, s := range c.Stages {
		took += s.Took.Median.Value
	}
	if took != c.Whole().Median.Value || len(c.Stages) != 2 {
		t.Errorf("the stages took %v of %v: %+v", took, c.Whole().Median.Value, c.Stages)
	}
}

// A stage that not every start tells stands in its place.
func TestStagesKeepTheirOrder(t *testing.T) {
	a := started(10, 20)
	a.Run.Targets[0].Deployments[1].Stages = []record.Stage{
		{Name: "started", At: 1}, {Name: "listening", At: 2}, {Name: "ready", At: 3}, {Name: record.FirstAnswer, At: 4}}
	if diff := cmp.Diff([]string{"started", "listening", "ready", record.FirstAnswer}, sample.StageNames(a.Run)); diff != "" {
		t.Error(diff)
	}
	a.Run.Targets[0].Deployments[0].Stages[0].Name = "started"
	names := sample.StageNames(a.Run)
	if names[0] != "started" || names[len(names)-1] != record.FirstAnswer {
		t.Errorf("stages %q", names)
	}
}

// A run of starts alone is complete without any load.
func TestStartsAlone(t *testing.T) {
	a := analyse(t, recordtest.Open(t, recordtest.ColdStart()))
	if a.Empty() || !a.OnlyStarts() || a.Validity != record.NoLoad || a.Verdict != record.NoLimit {
		t.Errorf("empty %v, validity %q, verdict %q", a.Empty(), a.Validity, a.Verdict)
	}
	line := sentence.Verdict(a)
	for _, part := range []string{"physical 2", " · vm (TCG) 4", " to the first answer, medians, each of 18 to 20 starts"} {
		if !strings.Contains(line, part) {
			t.Errorf("the line %q does not say %q", line, part)
		}
	}
	var rules []string
	for _, d := range a.Diagnostics {
		rules = append(rules, d.Rule)
	}
	if diff := cmp.Diff([]string{"not-ready", "emulated"}, rules); diff != "" {
		t.Errorf("diagnostics (-want +got)\n%s", diff)
	}
}

func TestStartsAloneThatCameToNothing(t *testing.T) {
	for want, spoil := range map[string]func(*record.Run){
		"no target can run here": func(r *record.Run) { r.Targets = []record.Target{{Name: "vm", Unavailable: "no"}} },
		"the servers are not started here, so that there is no start": func(r *record.Run) { r.Targets = []record.Target{{Name: "endpoint", Running: true}} },
		"the run has not come to its end":                             func(r *record.Run) { r.Targets, r.Finished = []record.Target{{Name: "physical"}}, time.Time{} },
		"no start came to its first answer":                           func(r *record.Run) { r.Targets = []record.Target{{Name: "physical"}} },
		"the server of physical did not come up": func(r *record.Run) {
			r.Targets = []record.Target{{Name: "physical", Deployments: []record.Deployment{{Failed: "exit status 3"}}}}
		},
		"the run was interrupted: stopped by a signal": func(r *record.Run) {
			r.Targets, r.Interrupted = []record.Target{{Name: "physical"}}, "stopped by a signal"
		},
	} {
		run := recordtest.Open(t, recordtest.ColdStart())
		spoil(run)
		a := analyse(t, run)
		if !a.Empty() || sentence.Nothing(a) != want || a.Validity != record.Invalid || a.Diagnostics[0].Figure != "no start measured" || a.Diagnostics[0].Action == "" {
			t.Errorf("want %q: %q, %s, %+v", want, sentence.Nothing(a), a.Validity, a.Diagnostics)
		}
	}
}

func TestTooFewStartsAreDiagnosed(t *testing.T) {
	a := analyse(t, recordtest.Open(t, recordtest.ColdStart()))
	target := &a.Run.Targets[0]
	for want, n := range map[string]int{"missing-starts": 19, "few-starts": 5} {
		run := *a.Run
		if want == "few-starts" {
			run.Scenario.ColdStarts = n
		}
		run.Targets = []record.Target{*target}
		run.Targets[0].Deployments = target.Deployments[:n]
		again := analyse(t, &run)
		if !slices.ContainsFunc(again.Diagnostics, func(d record.Diagnostic) bool { return d.Rule == want && d.Target == "physical" }) {
			t.Errorf("%d starts: diagnostics %+v, want %s", n, again.Diagnostics, want)
		}
	}
}

// A round of load in which no server came up made no start for its own sake.
func TestFailedRoundsOfLoadAreNoStartsAlone(t *testing.T) {
	p := recordtest.Running()
	p.ColdStarts, p.Targets = 6, p.Targets[:1]
	run := recordtest.Open(t, p)
	run.Cells = run.Cells[:4] // those of the third round are gone
	deployments := run.Targets[0].Deployments
	deployments[2].Failed = "exit status 3"
	run.Targets[0].Deployments = deployments[:8] // 3 of load, 5 of 6 alone
	a := analyse(t, run)
	if !slices.ContainsFunc(a.Diagnostics, func(d record.Diagnostic) bool { return d.Rule == "missing-starts" && d.Figure == "5 of 6 starts" }) {
		t.Errorf("diagnostics %+v", a.Diagnostics)
	}
}

// What is put in place before a start is told beside its stages, of good starts.
func TestPreparationIsToldApart(t *testing.T) {
	a := started(10, 20, 30)
	if c := a.ColdStarts(); c[0].Prepared.N != 0 || sample.Prepared(c) {
		t.Errorf("nothing was prepared: %+v", c[0].Prepared)
	}
	for i := range a.Run.Targets[0].Deployments {
		a.Run.Targets[0].Deployments[i].Preparation = time.Duration(i) * time.Second
	}
	a.Run.Targets[0].Deployments[2].Stages = nil
	c := a.ColdStarts()
	if got := c[0].Prepared; got.N != 2 || got.Max != time.Second || c[0].Whole().Max != 20*time.Millisecond || !sample.Prepared(c) {
		t.Errorf("%+v", c[0])
	}
}
