package figures

import (
	"fmt"
	"math"
	"slices"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/document"
	"servebench/reports/figures/chart"
	"servebench/reports/format"
	"servebench/reports/record"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// coldStarts draws every start of the server on every target, stage by stage.
func coldStarts(a *analysis.Analysis) Figure {
	f := newFigure(a, "coldstarts", document.Drawn{})
	var s chart.Span
	failed := false
	looks := looksOf(a.Run)
	l := chart.List{Names: 120, Figures: 150, Indent: 12, Room: 102, Gap: 10, Marker: 4}
	var stages []startStage // of the lines; none of a heading
	for _, c := range a.ColdStarts() {
		target := a.Run.Target(c.Target)
		if !c.Running && len(target.Deployments) == 0 {
			continue
		}
		look := looks[c.Target]
		heading := chart.ListLine{Name: nameOf(a, c.Target), Heading: true, Look: &look, Figure: format.Plural(c.N, "start")}
		if c.Running {
			heading.Figure = "already running"
		}
		if c.Failed > 0 {
			heading.Alarm = fmt.Sprintf("%d failed", c.Failed)
		}
		l.Lines, stages = append(l.Lines, heading), append(stages, startStage{})
		for _, name := range sample.StageNames(a.Run) {
			stage := stageOf(target, c, name)
			if len(stage.reached)+len(stage.failed) == 0 {
				continue
			}
			for _, d := range append(slices.Clone(stage.reached), stage.failed...) {
				s.Add(chart.Milliseconds(d))
			}
			failed = failed || len(stage.failed) > 0
			stage.look = look
			l.Lines, stages = append(l.Lines, chart.ListLine{Name: Label(name), Figure: stage.medianText()}), append(stages, stage)
		}
	}
	if s.Empty() {
		return f
	}
	s = s.Padded(2)
	return f.Shows(58+15*vg.Length(len(l.Lines)), nil, func(c draw.Canvas, p chart.Palette) {
		keys := chart.Legend{
			{Text: "one start", Color: p.Ink, Marker: chart.Circle},
			{Text: "median", Color: p.Ink, Line: 2},
			{Text: "its 95 % interval", Color: chart.Faint(p.Ink, paleInterval), Block: true},
		}
		if failed {
			keys = append(keys, chart.Entry{Text: "failed, or not answered rightly", Color: p.Alarm, Marker: chart.Star})
		}
		c = keys.Draw(c, p)
		panel := chart.NewPanel(p)
		chart.LogAxis(&panel.X, s, c.Max.X-c.Min.X-l.Names-l.Figures, 44)
		panel.X.Label.Text = "time since the beginning of the start, ms"
		for i, stage := range stages {
			l.Lines[i].Mark = func(a chart.Area, middle float64) { stage.draw(a, p, middle) }
		}
		l.Draw(c, p, panel)
	})
}

// paleInterval is the opacity of the band of an interval.
const paleInterval = 0.16

// startStage is one stage of the starts of a target.
type startStage struct {
	look    chart.Look
	reached []time.Duration // by starts that came to a right first answer
	failed  []time.Duration // by starts that came no further
	median  stat.Quantile   // of reached
}

func stageOf(t record.Target, c sample.ColdStart, name string) startStage {
	var stage startStage
	for _, d := range t.Deployments {
		last := len(d.Stages) - 1
		i := slices.IndexFunc(d.Stages, func(s record.Stage) bool { return s.Name == name })
		switch {
		case i < 0:
		case d.Stages[last].Name == record.FirstAnswer:
			stage.reached = append(stage.reached, d.Stages[i].At)
		case i == last:
			stage.failed = append(stage.failed, d.Stages[i].At)
		}
	}
	for _, s := range c.Stages {
		if s.Name == name {
			stage.median = s.At.Median
		}
	}
	return stage
}

// medianText is "118 [106, 124] ms", in the axis's unit and with as many digits in every line.
func (s startStage) medianText() string {
	if len(s.reached) == 0 {
		return ""
	}
	text := format.Milliseconds(s.median.Value)
	if s.median.HasInterval {
		text += " [" + format.Milliseconds(s.median.Low) + ", " + format.Milliseconds(s.median.High) + "]"
	}
	return text + " ms"
}

// draw spreads the dots over the line's height, always in the same way, so that equal
// ones are seen.
func (s startStage) draw(a chart.Area, p chart.Palette, middle float64) {
	at := func(t time.Duration) vg.Length { return a.X(max(chart.Milliseconds(t), a.Panel.X.Min)) }
	if q := s.median; q.HasInterval {
		a.Rect(chart.Faint(p.Ink, paleInterval), at(q.Low), a.Y(middle-0.4), at(q.High), a.Y(middle+0.4))
	}
	for i, t := range s.reached {
		// The golden ratio spreads any number of points evenly.
		_, part := math.Modf(float64(i) * math.Phi)
		a.DrawGlyph(chart.Glyph(chart.Circle, chart.Faint(s.look.Color, 0.85), 1.9), vg.Point{X: at(t), Y: a.Y(middle + 0.56*(part-0.5))})
	}
	if len(s.reached) > 0 {
		x := at(s.median.Value)
		a.StrokeLine2(chart.Stroke(p.Ink, 1.4), x, a.Y(middle-0.42), x, a.Y(middle+0.42))
	}
	for _, t := range s.failed {
		a.Marker(chart.Star, p.Alarm, 3.4, at(t), a.Y(middle))
	}
}
