package figures_test

import (
	"bytes"
	"testing"

	"servebench/reports/analysis"
	"servebench/reports/figures"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// abFigure is the first figure of an A/B test.
func abFigure(t *testing.T, p recordtest.Plan) (*analysis.Analysis, figures.Figure) {
	t.Helper()
	a := analyse(t, p)
	return a, figures.All(a)[0]
}

func TestABFigure(t *testing.T) {
	goodput := recordtest.Failing()
	goodput.AB.Metrics = []string{record.MetricGoodput, record.MetricColdStart, record.MetricP90}
	goodput.Targets[1].Errors[0].Share = 0.3
	early := recordtest.ABTest()
	early.Rounds, early.Interrupted = 4, "stopped before round 5"
	for name, tc := range map[string]struct {
		plan recordtest.Plan
		rows int
		text string
	}{
		"slower":    {recordtest.Slower(), 2 * (11 + 1), "p50: FAIL, +1"},
		"undecided": {recordtest.Undecided(), 2 * (30 + 4), "p90: INCONCLUSIVE"},
		"no answer": {goodput, 3 * (11 + 1), "one variant has no answer there"},
		"early":     {early, 2 * 4, "p50: INCONCLUSIVE"},
	} {
		t.Run(name, func(t *testing.T) {
			a, f := abFigure(t, tc.plan)
			if f.Name != "ab" || f.Missing != "" {
				t.Fatalf("%s: %s", f.Name, f.Missing)
			}
			checkFigure(t, a, f)
			if len(f.Data.Rows) != tc.rows {
				t.Errorf("%d rows of data, want %d", len(f.Data.Rows), tc.rows)
			}
			svg, err := f.SVG()
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(svg, []byte(tc.text)) {
				t.Errorf("the figure does not say %q", tc.text)
			}
		})
	}
}

// An A/B test has its pairs drawn, and no ratios between targets beside them.
func TestABHasNoForest(t *testing.T) {
	a, _ := abFigure(t, recordtest.ABTest())
	for _, f := range figures.All(a) {
		if f.Name == "forest" {
			t.Error("an A/B test has a forest")
		}
	}
}

func TestABWithoutPairsSaysWhy(t *testing.T) {
	p := recordtest.ABTest()
	for round := 1; round <= p.Rounds; round++ {
		p.Targets[1].StartFails = append(p.Targets[1].StartFails, round)
	}
	if _, f := abFigure(t, p); f.Missing == "" {
		t.Error("nothing to draw, and no reason")
	}
}
