package figures_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"slices"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/figures"
	"servebench/reports/figures/chart"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// compare is the analysis of several targets.
func compare(t testing.TB, targets, rounds int) *analysis.Analysis {
	t.Helper()
	return analyse(t, recordtest.Several(targets, rounds))
}

func analyse(t testing.TB, p recordtest.Plan) *analysis.Analysis {
	t.Helper()
	a, err := analysis.Analyse(recordtest.Open(t, p))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// odd are runs at the edges of what can happen.
func odd(t *testing.T) map[string]*analysis.Analysis {
	t.Helper()
	plan := func(change func(*recordtest.Plan)) *analysis.Analysis {
		p := recordtest.Several(2, 2)
		change(&p)
		return analyse(t, p)
	}
	load := func(rate float64, length time.Duration) func(*recordtest.Plan) {
		return func(p *recordtest.Plan) { p.Rounds, p.Phases[1].Rate, p.Phases[1].Duration = 1, rate, length }
	}
	interrupted := compare(t, 2, 1)
	interrupted.Run.Interrupted = "interrupted by the user"
	interrupted.Cells[1].Slices = interrupted.Cells[1].Slices[:2]
	broken := compare(t, 3, 3)
	broken.Validity = record.Invalid
	broken.Run.Targets[1].Deployments[2] = record.Deployment{Round: 3, Failed: "exit status 1"}
	return map[string]*analysis.Analysis{
		"ordinary":    compare(t, 2, 3),
		"four by two": compare(t, 4, 2),
		"one target":  compare(t, 1, 1),
		"interrupted": interrupted,
		"invalid":     broken,
		"nothing ran": plan(func(p *recordtest.Plan) { p.Targets = nil }),
		"no round":    plan(func(p *recordtest.Plan) { p.Rounds = 0 }),
		"no answer": plan(func(p *recordtest.Plan) {
			for i := range p.Targets {
				p.Targets[i].Errors = []recordtest.Error{{Class: "timeout", Share: 1}}
			}
		}),
		"half fails":  plan(func(p *recordtest.Plan) { p.Targets[1].Errors = []recordtest.Error{{Class: "timeout", Share: 0.5}} }),
		"one request": plan(load(1, 1500*time.Millisecond)),
		"no variance": plan(func(p *recordtest.Plan) {
			for i := range p.Targets {
				p.Targets[i].Service, p.Targets[i].Spread, p.Targets[i].Drift, p.Targets[i].Lag = time.Millisecond, 0, 0, 0
			}
		}),
		"zero latency": plan(func(p *recordtest.Plan) {
			for i := range p.Targets {
				p.Targets[i].Service, p.Targets[i].Lag = 0, 0
			}
		}),
		"six decades": plan(func(p *recordtest.Plan) { p.Targets[0].Spread, p.Targets[1].Spread = 2.5, 2 }),
		"many slices": plan(load(3, 700*time.Second)),
		"six strangers": plan(func(p *recordtest.Plan) {
			for i, name := range []string{"physical", "endpoint-in-a-far-away-region-with-a-very-long-name-indeed", "<script>alert(1)</script>",
				"tabs\tand\nlines", "fifth", "sixth"} {
				stranger := p.Targets[0]
				stranger.Name = name
				if i > 0 {
					p.Targets = append(p.Targets, stranger)
				}
			}
			p.Targets = append(p.Targets[:1], p.Targets[2:]...)
		}),
	}
}

func TestEveryFigureOfEveryRun(t *testing.T) {
	for name, a := range odd(t) {
		t.Run(name, func(t *testing.T) {
			for _, f := range figures.All(a) {
				t.Run(f.Name, func(t *testing.T) { checkFigure(t, a, f) })
			}
		})
	}
}

func checkFigure(t *testing.T, a *analysis.Analysis, f figures.Figure) {
	if f.Title == "" || f.Caption == "" {
		t.Errorf("a figure without title or caption: %+v", f)
	}
	if f.Missing != "" {
		return
	}
	if f.Conditions+f.Method == "" {
		t.Errorf("a figure that does not say how it came about: %+v", f)
	}
	if len(f.Data.Rows) == 0 {
		t.Error("the figure is drawn, but has no data")
	}
	for _, row := range f.Data.Rows {
		if len(row.Cells) != len(f.Data.Columns) {
			t.Errorf("row %v does not fit the head %v", row, f.Data.Columns)
		}
	}
	svg, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	checkSVG(t, svg)
	if a.Validity == record.Invalid && !bytes.Contains(svg, []byte("INVALID RUN")) {
		t.Error("the figure of an invalid run does not say so")
	}
	if a.Run.Interrupted != "" && !bytes.Contains(svg, []byte("INTERRUPTED RUN")) {
		t.Error("the figure of an interrupted run does not say so")
	}
}

func TestPNGIsDrawnOnItsOwnBackground(t *testing.T) {
	a := compare(t, 2, 1)
	a.Validity = record.Invalid
	for _, f := range figures.All(a) {
		for _, p := range []chart.Palette{chart.Light(), chart.Dark()} {
			var file bytes.Buffer
			if err := f.PNG(&file, p); err != nil {
				t.Fatal(err)
			}
			img, err := png.Decode(&file)
			if err != nil {
				t.Fatal(err)
			}
			for _, at := range []image.Point{{1, 1}, img.Bounds().Max.Sub(image.Pt(2, 2))} {
				if got := color.NRGBAModel.Convert(img.At(at.X, at.Y)); got != p.Paper {
					t.Errorf("%s at %v: %v, want the paper %v", f.Name, at, got, p.Paper)
				}
			}
		}
	}
}

func TestSameRunSameBytes(t *testing.T) {
	first, second := figures.All(compare(t, 3, 2)), figures.All(compare(t, 3, 2))
	for i := range first {
		one, err := first[i].SVG()
		if err != nil {
			t.Fatal(err)
		}
		two, err := second[i].SVG()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one, two) {
			t.Errorf("%s differs from one drawing to the next", first[i].Name)
		}
	}
}

func TestRunsWithoutDataSayWhy(t *testing.T) {
	for _, f := range figures.All(odd(t)["no answer"]) {
		answered := slices.Contains([]string{"timeline", "coldstarts"}, f.Name)
		if answered != (f.Missing == "") {
			t.Errorf("%s: missing %q, want it to be missing: %v", f.Name, f.Missing, !answered)
		}
	}
}

func TestPhasesHaveFiguresOfTheirOwn(t *testing.T) {
	a := compare(t, 2, 1)
	for _, row := range slices.Clone(a.Rows) {
		row.Phase = "Spike/2"
		a.Rows = append(a.Rows, row)
	}
	spike := a.Run.Scenario.Phases[1]
	spike.Name = "Spike/2"
	a.Run.Scenario.Phases = append(a.Run.Scenario.Phases, spike)
	seen := map[string]bool{}
	for _, f := range figures.All(a) {
		if seen[f.Name] {
			t.Errorf("two figures are named %s", f.Name)
		}
		seen[f.Name] = true
	}
	if !seen["ecdf-steady"] || !seen["ecdf-spike-2"] {
		t.Errorf("figures %v, want ecdf-steady and ecdf-spike-2 among them", seen)
	}
}

func TestFormatWritesBothBackgrounds(t *testing.T) {
	var names []string
	err := figures.Format().Render(compare(t, 2, 1), func(name string, content func(io.Writer) error) error {
		names = append(names, name)
		return content(io.Discard)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"forest", "percentiles", "ecdf", "histogram", "heatmap", "timeline", "coldstarts"} {
		for _, file := range []string{"figures/" + name + ".png", "figures/" + name + "-dark.png"} {
			if !slices.Contains(names, file) {
				t.Errorf("%s is missing among %s", file, names)
			}
		}
	}
}

func TestFormatPassesErrorsOn(t *testing.T) {
	a, full := compare(t, 1, 1), errors.New("no space left")
	if err := figures.Format().Render(a, func(string, func(io.Writer) error) error { return full }); !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

func BenchmarkPNG(b *testing.B) {
	a := compare(b, 4, 5)
	discard := func(_ string, content func(io.Writer) error) error { return content(io.Discard) }
	for b.Loop() {
		if err := figures.Format().Render(a, discard); err != nil {
			b.Fatal(err)
		}
	}
}
