package figures_test

import (
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// TestRetrainingIsDrawn wants all policies of a target in one figure, with what happened under each.
func TestRetrainingIsDrawn(t *testing.T) {
	a, all := drawn(t, recordtest.Retrained(), func(*record.Run) {})
	f := all["retraining"]
	checkFigure(t, a, f)
	svg, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">never<", ">every 5s<", ">on_alarm<", ">shift<", ">alarm<", ">new model served<", ">failed training<", ">accuracy, %<"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("nothing says %s", want)
		}
	}
	if n := strings.Count(string(svg), ">accuracy, %<"); n != 1 {
		t.Errorf("%d panels of accuracy, want one for all policies", n)
	}
}

// TestRetrainingAtTheEdges draws what a load that ended early or a training that did not end leaves.
func TestRetrainingAtTheEdges(t *testing.T) {
	for name, change := range map[string]func(*recordtest.Plan){
		"two rounds":  func(p *recordtest.Plan) { p.Rounds = 2 },
		"one target":  func(p *recordtest.Plan) { p.Targets = p.Targets[2:] },
		"ended early": func(p *recordtest.Plan) { p.Targets[1].StopsAt = 4 * time.Second },
		"two targets": func(p *recordtest.Plan) {
			for _, t := range p.Targets[:3] {
				t.Name, t.Of = strings.Replace(t.Name, "physical", "container", 1), "container"
				p.Targets = append(p.Targets, t)
			}
		},
		"not done": func(p *recordtest.Plan) {
			p.Targets[2].Monitored.Retrainings[0].Trained, p.Targets[2].Monitored.Retrainings[0].Swapped = 0, 0
		},
		"damaged": func(p *recordtest.Plan) {
			p.Drift.At, p.Drift.Width = 1, 1<<63-1
			for i := range p.Targets[1].Monitored.Retrainings {
				r := &p.Targets[1].Monitored.Retrainings[i]
				r.At, r.Began, r.Trained, r.Swapped = -1<<62, 1<<63-1, -1<<63, 1<<63-1
			}
			p.Targets[2].Monitored.Detectors[1].Alarms[0].At = -1 << 62
			p.Targets[2].Monitored.Windows[3].Start, p.Targets[2].Monitored.Windows[3].End = 1<<63-1, -1<<63
		},
		"no policy": func(p *recordtest.Plan) {
			p.Targets = p.Targets[:1]
			p.Targets[0].Retrain, p.Targets[0].Of, p.Targets[0].Point, p.Targets[0].Name = nil, "", nil, "physical"
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := recordtest.Retrained()
			change(&p)
			a, all := drawn(t, p, func(*record.Run) {})
			f, is := all["retraining"]
			if !is || f.Missing != "" {
				t.Fatalf("missing: %q", f.Missing)
			}
			checkFigure(t, a, f)
		})
	}
	if _, all := drawn(t, recordtest.Monitored(), func(*record.Run) {}); all["retraining"].Caption != "" {
		t.Error("a figure of retraining of a run without any")
	}
}
