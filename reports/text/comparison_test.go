package text_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"servebench/reports/analysis"
	"servebench/reports/analysis/compare"
	"servebench/reports/document"
	"servebench/reports/markdown"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
	"servebench/reports/text"

	"github.com/google/go-cmp/cmp"
)

// later is the analysis of a run after another one.
func later(t *testing.T, p recordtest.Plan, spoil func(*record.Run)) *analysis.Analysis {
	t.Helper()
	run := recordtest.Open(t, p)
	run.ID = "20261123-101530-compare-c3d4"
	run.Created = run.Created.Add(24 * time.Hour)
	if spoil != nil {
		spoil(run)
	}
	a, err := analysis.Analyse(run)
	if err != nil {
		t.Fatal(err)
	}
	a.Run.Dir = "runs/" + run.ID
	return a
}

// comparisons are sets of runs that read differently.
func comparisons(t *testing.T) map[string][]*compare.Comparison {
	base := analyse(t, recordtest.Compare())
	slower := recordtest.Compare()
	slower.Targets[0].Service = slower.Targets[0].Service * 5 / 4
	slower.Targets[1].Unavailable = "docker is gone"
	elsewhere := func(r *record.Run) {
		r.Scenario.Payloads, r.Version = strings.Repeat("0123456789abcdef", 4), "v9"
		r.Environment[0].Value = "4 × synthetic, 3.0 GHz"
	}
	few := recordtest.Compare()
	few.Rounds = 1
	return map[string][]*compare.Comparison{
		"compared":       {compare.Runs(base, later(t, slower, nil), nil)},
		"not-comparable": {compare.Runs(base, later(t, recordtest.Compare(), elsewhere), nil)},
		"allowed":        {compare.Runs(base, later(t, recordtest.Compare(), elsewhere), []string{"payloads", "machine"}), compare.Runs(base, later(t, few, nil), nil)},
	}
}

func TestComparisonGolden(t *testing.T) {
	for name, all := range comparisons(t) {
		var plain, coloured, marked bytes.Buffer
		if err := text.Write(&plain, document.Comparisons(all), text.Style{}); err != nil {
			t.Fatal(err)
		}
		if err := text.Write(&coloured, document.Comparisons(all), text.Style{Colour: true}); err != nil {
			t.Fatal(err)
		}
		if err := markdown.Write(&marked, document.Comparisons(all), math.MaxInt); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(coloured.String(), "\x1b[") || strings.Contains(plain.String()+marked.String(), "\x1b") {
			t.Error("colours where none were asked for, or none where they were")
		}
		for _, line := range strings.Split(plain.String(), "\n") {
			if n := utf8.RuneCountInString(line); n > 100 {
				t.Errorf("%s: a line of %d columns: %s", name, n, line)
			}
		}
		golden(t, "comparison-"+name+".txt", plain.String())
		golden(t, "comparison-"+name+".md", marked.String())
	}
}

// golden holds text against a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-golden +got)\n%s", name, diff)
	}
}

// Names from outside neither move the cursor nor make marks, links or mentions of a
// comment.
func TestHostileComparison(t *testing.T) {
	const hostile = "\x1b[2J\r\n| a | <img src=x> [b](http://c) `d` @everyone **e**"
	spoil := func(r *record.Run) {
		r.ID, r.Version, r.Interrupted = hostile, hostile, hostile
		for i := range r.Cells {
			r.Cells[i].Target = strings.Replace(r.Cells[i].Target, "physical", hostile, 1)
		}
		r.Targets[0].Name = hostile
		r.Environment[0].Value = hostile
	}
	base := later(t, recordtest.Compare(), spoil)
	fresh := later(t, recordtest.Compare(), func(r *record.Run) { spoil(r); r.Version = "v9"; r.Environment[0].Value = "x" })
	all := []*compare.Comparison{compare.Runs(base, fresh, []string{"machine"})}
	var plain, marked bytes.Buffer
	if err := text.Write(&plain, document.Comparisons(all), text.Style{}); err != nil {
		t.Fatal(err)
	}
	if err := markdown.Write(&marked, document.Comparisons(all), math.MaxInt); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(plain.String()+marked.String(), "\x1b\r") {
		t.Errorf("%q", plain.String())
	}
	for _, mark := range []string{"<img", "[b](", "| a |", " `d", "@everyone", "**e**"} {
		if strings.Contains(marked.String(), mark) {
			t.Errorf("%q in\n%s", mark, marked.String())
		}
	}
	for _, line := range strings.Split(marked.String(), "\n") {
		if strings.HasPrefix(line, "| ") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") != 7 {
			t.Errorf("a row of other than 6 cells: %s", line)
		}
	}
}

func TestHeadlineGolden(t *testing.T) {
	abTest := recordtest.Compare()
	for name, p := range map[string]recordtest.Plan{"compare": recordtest.Compare(), "invalid": plans()["invalid"], "coldstart": recordtest.ColdStart(), "phases": plans()["phases"]} {
		var got bytes.Buffer
		if err := text.Write(&got, document.Summary(analyse(t, p)), text.Style{}); err != nil {
			t.Fatal(err)
		}
		golden(t, "headline-"+name+".txt", got.String())
	}
	a := analyse(t, abTest)
	a.Run.AB = &record.ABTest{
		Baseline:  record.Variant{Target: record.Baseline, Source: "v1.2", Facts: []record.Fact{{Name: "commit", Value: "0123456789ab"}}},
		Candidate: record.Variant{Target: record.Candidate, Source: "HEAD"},
	}
	var got bytes.Buffer
	if err := text.Write(&got, document.Summary(a), text.Style{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got.String(), "\nbaseline: v1.2 · commit 0123456789ab\ncandidate: HEAD\n") {
		t.Error(got.String())
	}
}
