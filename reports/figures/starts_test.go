package figures_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/figures"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

func drawn(t *testing.T, p recordtest.Plan, spoil func(*record.Run)) (*analysis.Analysis, map[string]figures.Figure) {
	t.Helper()
	run := recordtest.Open(t, p)
	spoil(run)
	a, err := analysis.Analyse(run)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]figures.Figure{}
	for _, f := range figures.All(a) {
		all[f.Name] = f
	}
	return a, all
}

// A run of starts alone has one figure, and not one that is missing.
func TestStartsAloneHaveOneFigure(t *testing.T) {
	a, all := drawn(t, recordtest.ColdStart(), func(r *record.Run) {
		r.Targets[3].Deployments[7].Stages = r.Targets[3].Deployments[7].Stages[:2]
		r.Targets[3].Deployments[7].FirstAnswerError = "status 404"
	})
	f := all["coldstarts"]
	if len(all) != 1 || f.Missing != "" {
		t.Fatalf("%d figures, missing %q", len(all), f.Missing)
	}
	checkFigure(t, a, f)
	if len(f.Data.Rows) != 4*20 {
		t.Errorf("%d starts in its data", len(f.Data.Rows))
	}
	svg, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	for _, label := range []string{"vm (TCG)", "18 starts", "2 failed", "1 failed", "198 [177, 206] ms", "time since the beginning of the start, ms"} {
		if !bytes.Contains(svg, []byte(">"+label+"<")) {
			t.Errorf("nothing is labelled %q", label)
		}
	}
}

// Servers that ran already, and those that never came up, are named.
func TestStartsThatAreNone(t *testing.T) {
	a, all := drawn(t, recordtest.Running(), func(r *record.Run) {
		r.Targets = append(r.Targets, record.Target{Name: "vm", Deployments: []record.Deployment{{Round: 1, Failed: "exit status 3"}}})
	})
	checkFigure(t, a, all["coldstarts"])
	svg, err := all["coldstarts"].SVG()
	if err != nil {
		t.Fatal(err)
	}
	for _, label := range []string{"already running", "0 starts", "1 failed"} {
		if !bytes.Contains(svg, []byte(">"+label+"<")) {
			t.Errorf("nothing is labelled %q", label)
		}
	}
}

func TestOverheadFigure(t *testing.T) {
	a, all := drawn(t, recordtest.Overhead(), func(*record.Run) {})
	f := all["overhead"]
	checkFigure(t, a, f)
	var lambda []string
	for _, row := range texts(f) {
		if row[0] == "lambda" {
			lambda = row
			break
		}
	}
	if !slices.ContainsFunc(lambda, func(s string) bool { return strings.HasPrefix(s, "~0, ") }) || len(f.Data.Rows) != 8 {
		t.Errorf("data %q", f.Data.Rows)
	}
	if title := all["ecdf-noop"].Title; !strings.HasSuffix(title, ", phase noop, model noop") {
		t.Errorf("title %q does not tell the model", title)
	}
	p := recordtest.Overhead()
	p.Rounds, p.Phases[1].Duration, p.Phases[1].Rate = 1, time.Second, 5
	if _, few := drawn(t, p, func(*record.Run) {}); few["overhead"].Missing == "" {
		t.Error("a split is drawn of a few answers")
	}
}
