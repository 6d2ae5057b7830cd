package figures_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/figures"
	"servebench/reports/figures/chart"
	"servebench/reports/figures/figurestest"
	"servebench/reports/record"
)

// odd are runs at the edges of what can happen.
func odd() map[string]*analysis.Analysis {
	plan := func(change func(*figurestest.Plan)) *analysis.Analysis {
		p := figurestest.Compare(2, 2)
		change(&p)
		return p.Make()
	}
	interrupted := figurestest.Compare(2, 1).Make()
	interrupted.Run.Interrupted = "interrupted by the user"
	interrupted.Cells[1].Slices = interrupted.Cells[1].Slices[:2]
	broken := figurestest.Compare(3, 3).Make()
	broken.Validity = record.Invalid
	broken.Run.Targets[1].Deployments[2] = record.Deployment{Round: 3, Failed: "exit status 1"}
	return map[string]*analysis.Analysis{
		"ordinary":    figurestest.Compare(2, 3).Make(),
		"four by two": figurestest.Compare(4, 2).Make(),
		"one target":  figurestest.Compare(1, 1).Make(),
		"interrupted": interrupted,
		"invalid":     broken,
		"nothing ran": plan(func(p *figurestest.Plan) { p.Targets = nil }),
		"no round":    plan(func(p *figurestest.Plan) { p.Rounds = 0 }),
		"no answer": plan(func(p *figurestest.Plan) {
			p.Fail = func(*rand.Rand, string, time.Duration) bool { return true }
		}),
		"half fails": plan(func(p *figurestest.Plan) {
			p.Fail = func(rng *rand.Rand, target string, _ time.Duration) bool {
				return target == "container" && rng.Float64() < 0.5
			}
		}),
		"one request": plan(func(p *figurestest.Plan) { p.Seconds, p.Rate, p.Rounds = 1, 1, 1 }),
		"no variance": plan(func(p *figurestest.Plan) {
			p.Latency = func(*rand.Rand, string, time.Duration) time.Duration { return time.Millisecond }
		}),
		"zero latency": plan(func(p *figurestest.Plan) {
			p.Latency = func(*rand.Rand, string, time.Duration) time.Duration { return -time.Hour }
		}),
		"six decades": plan(func(p *figurestest.Plan) {
			p.Latency = func(rng *rand.Rand, _ string, _ time.Duration) time.Duration {
				return time.Duration(math.Pow(10, 4+6*rng.Float64()))
			}
		}),
		"many slices": plan(func(p *figurestest.Plan) { p.Seconds, p.Rate, p.Rounds = 700, 3, 1 }),
		"six strangers": plan(func(p *figurestest.Plan) {
			p.Targets = []string{"physical", "endpoint-in-a-far-away-region-with-a-very-long-name-indeed", "<script>alert(1)</script>",
				"tabs\tand\nlines", "fifth", "sixth"}
		}),
	}
}

func TestEveryFigureOfEveryRun(t *testing.T) {
	for name, a := range odd() {
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
	a := figurestest.Compare(2, 1).Make()
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
	first, second := figures.All(figurestest.Compare(3, 2).Make()), figures.All(figurestest.Compare(3, 2).Make())
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
	for _, f := range figures.All(odd()["no answer"]) {
		answered := slices.Contains([]string{"timeline", "coldstarts"}, f.Name)
		if answered != (f.Missing == "") {
			t.Errorf("%s: missing %q, want it to be missing: %v", f.Name, f.Missing, !answered)
		}
	}
}

func TestPhasesHaveFiguresOfTheirOwn(t *testing.T) {
	a := figurestest.Compare(2, 1).Make()
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
	err := figures.Format().Render(figurestest.Compare(2, 1).Make(), func(name string, content func(io.Writer) error) error {
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
	a, full := figurestest.Compare(1, 1).Make(), errors.New("no space left")
	if err := figures.Format().Render(a, func(string, func(io.Writer) error) error { return full }); !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

func BenchmarkPNG(b *testing.B) {
	a := figurestest.Compare(4, 5).Make()
	discard := func(_ string, content func(io.Writer) error) error { return content(io.Discard) }
	for b.Loop() {
		if err := figures.Format().Render(a, discard); err != nil {
			b.Fatal(err)
		}
	}
}
