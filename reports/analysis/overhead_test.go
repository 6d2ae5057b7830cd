package analysis_test

import (
	"math"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/overhead"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"

	"github.com/google/go-cmp/cmp"
)

func analyseOverhead(t *testing.T, change func(*recordtest.Plan)) *analysis.Analysis {
	t.Helper()
	p := recordtest.Overhead()
	change(&p)
	return analyse(t, recordtest.Open(t, p))
}

// The split is what the tables of the two phases say, and adds up.
func TestOverheadAgreesWithTheTables(t *testing.T) {
	a := analyseOverhead(t, func(*recordtest.Plan) {})
	if a.Overhead.Base != "physical" || a.Overhead.Noop.Name != "noop" || len(a.Overhead.Rows) != 8 {
		t.Fatalf("%+v", a.Overhead)
	}
	for _, r := range a.Overhead.Rows {
		value := func(phase string) time.Duration {
			for _, row := range a.Rows {
				for _, q := range row.Response.Quantiles {
					if row.Target == r.Target && row.Phase == phase && q.Q == r.Q {
						return q.Value
					}
				}
			}
			return 0
		}
		if r.Overhead.Value != value("noop") || r.Whole != value("model") || r.Overhead.Value+r.Model.Value != r.Whole {
			t.Errorf("%s %v: %v + %v = %v, the tables have %v and %v", r.Target, r.Q, r.Overhead.Value, r.Model.Value, r.Whole, value("noop"), value("model"))
		}
		for _, part := range []overhead.Part{r.Overhead, r.Model} {
			if !part.HasInterval || part.Low > part.Value || part.Value > part.High {
				t.Errorf("%s %v: %+v", r.Target, r.Q, part)
			}
			if part.HasRatio != (part.ToldApart && r.Target != "physical") || part.HasRatio && (part.RatioLow > part.Ratio || part.Ratio > part.RatioHigh) {
				t.Errorf("%s %v: ratio %+v", r.Target, r.Q, part)
			}
		}
	}
	if r, _ := a.Overhead.Row("vm", 0.5); math.Abs(r.Overhead.Ratio-3.8) > 0.4 {
		t.Errorf("the machine's overhead is ×%v, it was made to cost about ×3.8", r.Overhead.Ratio)
	}
}

// What the noise hides is not told apart, and has no ratio.
func TestOverheadDoesNotReadNoise(t *testing.T) {
	a := analyseOverhead(t, func(p *recordtest.Plan) { p.Targets = []recordtest.Target{p.Targets[0], p.Targets[3]} })
	for _, q := range []float64{0.5, 0.99} {
		if r, ok := a.Overhead.Row("lambda", q); !ok || r.Model.ToldApart || r.Model.HasRatio || !r.Overhead.HasRatio {
			t.Errorf("p%v: %+v", 100*q, r)
		}
	}
	// A base whose model is noise gives no ratio to any other.
	a = analyseOverhead(t, func(p *recordtest.Plan) {
		p.Targets = []recordtest.Target{p.Targets[0], p.Targets[2]}
		p.Targets[0].Service = p.Targets[0].Noop
	})
	if r, _ := a.Overhead.Row("vm", 0.5); !r.Model.ToldApart || r.Model.HasRatio {
		t.Errorf("%+v", r.Model)
	}
}

func TestOverheadWithoutEnough(t *testing.T) {
	few := func(rounds int) func(*recordtest.Plan) {
		return func(p *recordtest.Plan) {
			p.Rounds, p.Targets = rounds, []recordtest.Target{p.Targets[0], p.Targets[2]}
		}
	}
	three := analyseOverhead(t, few(3))
	if r, _ := three.Overhead.Row("vm", 0.5); !r.Known || r.Overhead.HasInterval || !r.Overhead.HasRatio || r.Overhead.HasRatioInterval || !r.Model.ToldApart {
		t.Errorf("three rounds: %+v", r)
	}
	two := analyseOverhead(t, few(2))
	if r, _ := two.Overhead.Row("vm", 0.99); r.Known {
		t.Errorf("a p99 of %d answers is known", 2*400)
	}
	if a := analyseOverhead(t, func(p *recordtest.Plan) { p.Overhead, p.Rounds = nil, 1 }); a.Overhead != nil {
		t.Errorf("an overhead that nobody asked for: %+v", a.Overhead)
	}
	if a := analyseOverhead(t, func(p *recordtest.Plan) { p.Overhead.Noop, p.Rounds = "another", 1 }); a.Overhead != nil {
		t.Errorf("an overhead of a phase that is not there: %+v", a.Overhead)
	}
}

// Rounds that the base or the target lacks are in no figure of the split, and the
// first target that has both phases is the base.
func TestOverheadPairsRounds(t *testing.T) {
	p := recordtest.Overhead()
	p.Targets = p.Targets[:3]
	run := recordtest.Open(t, p)
	run.Cells = without(run.Cells, "physical", "noop", 0)
	run.Cells = without(run.Cells, "vm", "model", 2)
	a := analyse(t, run)
	if a.Overhead.Base != "container" {
		t.Errorf("base %q", a.Overhead.Base)
	}
	if r, _ := a.Overhead.Row("vm", 0.5); r.Rounds != 7 {
		t.Errorf("%d rounds of the machine", r.Rounds)
	}
	if diff := cmp.Diff(a.Overhead, analyse(t, run).Overhead); diff != "" {
		t.Errorf("the same run gives another split\n%s", diff)
	}
}

// without leaves a target's cells of a phase out; round 0: of all rounds.
func without(cells []record.Cell, target, phase string, round int) []record.Cell {
	var kept []record.Cell
	for _, c := range cells {
		if c.Target != target || c.Phase != phase || round != 0 && c.Round != round {
			kept = append(kept, c)
		}
	}
	return kept
}
