package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/outcome"
	"servebench/reports/analysis"
	"servebench/reports/baseline"
	"servebench/reports/benchfmt"
	"servebench/reports/benchmarkaction"
	"servebench/reports/document/sentence"
	"servebench/reports/formattest"
	"servebench/reports/junit"
	"servebench/reports/markdown"
	"servebench/reports/openmetrics"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// passing is a short comparison that passes, with a limit of every kind of evidence.
func passing() recordtest.Plan {
	p := recordtest.Compare()
	p.ColdStarts, p.SLO = 2, record.SLO{P50: time.Second, ColdStart: time.Minute}
	p.Phases[0].Duration, p.Phases[1].Duration = time.Second, time.Second
	for i := range p.Targets {
		p.Targets[i].Errors = nil
	}
	return p
}

// passingABTest is one that passes at its first interim analysis.
func passingABTest() recordtest.Plan {
	p := recordtest.ABTest()
	p.AB.Tolerance = 0.5
	return p
}

// without is a run without some of its cells.
func without(which func(i int) bool) func(*record.Run) {
	return func(r *record.Run) {
		i := -1
		r.Cells = slices.DeleteFunc(r.Cells, func(record.Cell) bool { i++; return which(i) })
	}
}

// TestWhatIsMissingIsNoPass cuts a passing run at every cell and start, as a kill, a
// full disk or a hand may: no gate passes it, and no format shows it as good.
func TestWhatIsMissingIsNoPass(t *testing.T) {
	unlimited := passing()
	unlimited.SLO = record.SLO{}
	for name, plan := range map[string]recordtest.Plan{"run": passing(), "run without limits": unlimited, "ab": passingABTest()} {
		dir, err := recordtest.Write(t.TempDir(), plan)
		if err != nil {
			t.Fatal(err)
		}
		whole := spoilt(t, dir, func(*record.Run) {})
		passes := name != "run without limits" // which a gate does not let pass
		if sentence.Word(whole) != "PASS" && sentence.Word(whole) != "VALID" || (outcome.OfAnalysis(whole, true) == nil) != passes || baseline.Unfit(whole) != "" || !whole.Complete() {
			t.Fatalf("%s: the whole run is %s, %v", name, whole.Verdict, whole.Diagnostics)
		}
		cuts := map[string]func(*record.Run){
			"not finished": func(r *record.Run) { r.Finished = time.Time{} },
			"interrupted":  func(r *record.Run) { r.Interrupted = "stopped" },
		}
		for n := range whole.Run.Cells {
			cuts[fmt.Sprintf("before cell %d", n)] = without(func(i int) bool { return i >= n })
			cuts[fmt.Sprintf("before cell %d, not finished", n)] = func(r *record.Run) {
				without(func(i int) bool { return i >= n })(r)
				r.Finished = time.Time{}
			}
			if plan.AB == nil { // an A/B test is judged at its interim analyses
				cuts[fmt.Sprintf("without cell %d", n)] = without(func(i int) bool { return i == n })
			}
		}
		if plan.AB == nil {
			for target := range 2 {
				for n := range whole.Run.Targets[target].Deployments {
					cuts[fmt.Sprintf("without start %d of target %d", n, target)] = func(r *record.Run) {
						r.Targets[target].Deployments = slices.Delete(r.Targets[target].Deployments, n, n+1)
					}
				}
			}
		}
		for how, cut := range cuts {
			t.Run(name+" "+how, func(t *testing.T) { notGreen(t, spoilt(t, dir, cut)) })
		}
	}
}

// spoilt analyses a run after it was changed.
func spoilt(t *testing.T, dir string, change func(*record.Run)) *analysis.Analysis {
	t.Helper()
	run, err := record.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	change(run)
	a, err := analysis.Analyse(run)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// notGreen wants an analysis to be no PASS anywhere.
func notGreen(t *testing.T, a *analysis.Analysis) {
	t.Helper()
	if a.Verdict == record.Pass || sentence.Word(a) == "PASS" || a.Complete() {
		t.Errorf("%s, %s: %s", a.Verdict, sentence.Word(a), sentence.Verdict(a))
	}
	exit := new(cli.ExitError)
	if err := outcome.OfAnalysis(a, true); !errors.As(err, &exit) || exit.Code == cli.OK {
		t.Errorf("a gate ends with %v", err)
	}
	if baseline.Unfit(a) == "" {
		t.Error("it may become a baseline")
	}
	files := rendered(t, a)
	for name, tt := range map[string]struct {
		has    string
		hasNot []string
	}{
		junit.File:             {has: "<error"},
		openmetrics.File:       {has: "servebench_complete{scenario=\"" + a.Run.Scenario.Name + "\"} 0", hasNot: []string{"servebench_verdict{scenario=\"" + a.Run.Scenario.Name + "\",verdict=\"PASS\"} 1"}},
		markdown.File:          {hasNot: []string{"## PASS", "## VALID"}},
		benchfmt.File:          {hasNot: []string{"Benchmark"}},
		benchmarkaction.Bigger: {hasNot: []string{"value"}},
		"summary.json":         {hasNot: []string{"\n  \"verdict\": \"PASS\""}},
		"report.html":          {hasNot: []string{`class="strip pass"`}},
		"report.txt":           {hasNot: []string{"\nPASS " + a.Run.Scenario.Name + ":"}},
	} {
		text, there := files[name]
		if !there {
			t.Fatalf("there is no %s among the reports", name)
		}
		text = "\n" + text
		if name == junit.File && strings.Contains(text, "<failure") {
			text += "<error"
		}
		if !strings.Contains(text, tt.has) {
			t.Errorf("%s lacks %q:\n%s", name, tt.has, text)
		}
		for _, green := range tt.hasNot {
			if strings.Contains(text, green) {
				t.Errorf("%s says %q", name, green)
			}
		}
	}
	var annotations bytes.Buffer
	if err := markdown.Annotate(&annotations, a); err != nil || !strings.HasPrefix(annotations.String(), "::error") && !strings.HasPrefix(annotations.String(), "::warning") {
		t.Errorf("annotations %s, error %v", &annotations, err)
	}
}

// rendered are the reports of a run in every format, by their files.
func rendered(t *testing.T, a *analysis.Analysis) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, f := range reportFormats() {
		if f.Name == "png" {
			continue // pictures have nothing to search
		}
		for name, text := range formattest.Render(t, f, a) {
			texts[name] = string(text)
		}
	}
	return texts
}

// TestATruncatedLogIsNoPass cuts the interval log of one cell short at every line, and
// removes it.
func TestATruncatedLogIsNoPass(t *testing.T) {
	dir, err := recordtest.Write(t.TempDir(), passing())
	if err != nil {
		t.Fatal(err)
	}
	run := spoilt(t, dir, func(*record.Run) {}).Run
	log := filepath.Join(dir, run.Cells[len(run.Cells)-1].Log)
	whole, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for end := range whole {
		if whole[end] != '\n' || end == len(whole)-1 {
			continue
		}
		if err := os.WriteFile(log, whole[:end+1], 0o644); err != nil {
			t.Fatal(err)
		}
		if a := spoilt(t, dir, func(*record.Run) {}); a.Verdict != record.InvalidInstrument || outcome.OfAnalysis(a, true) == nil {
			t.Errorf("%s with %d of %d bytes of a log", a.Verdict, end+1, len(whole))
		}
	}
	if err := os.Remove(log); err != nil {
		t.Fatal(err)
	}
	if a, err := analysis.Analyse(run); err == nil {
		t.Errorf("%s without the log of a cell", a.Verdict)
	}
}
