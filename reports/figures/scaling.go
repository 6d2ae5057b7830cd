package figures

import (
	"image/color"
	"slices"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/scaling"
	"servebench/reports/figures/chart"

	"github.com/HdrHistogram/hdrhistogram-go"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// scaled draws load, replicas and p99 of each target on one time axis.
func scaled(v view) Figure {
	lanes := v.lanes(240)
	f := v.figure("scaling", widthOf(lanes))
	if longest(lanes) == 0 {
		return f
	}
	s := newScalePlot(v, lanes)
	height := 30 + vg.Length(len(lanes))*(chart.HeadingHeight+30+3*88)
	return f.Shows(height, nil, func(c draw.Canvas, p chart.Palette) {
		c = chart.Inset(s.legend(p).Draw(c, p))
		for i, part := range stacked(c, len(lanes)) {
			s.grid(p, i).Draw(part, p)
		}
	})
}

// scalePlot is a figure of replicas over time, with ranges shared by all targets.
type scalePlot struct {
	view    view
	lanes   []lane
	rate    float64
	most    int // replicas
	latency chart.Span
	limit   float64 // of the p99, in milliseconds; 0: none
}

func newScalePlot(v view, lanes []lane) scalePlot {
	s := scalePlot{view: v, lanes: lanes, most: 1, limit: chart.Milliseconds(v.analysis.SLO.P99)}
	if s.limit > 0 {
		s.latency.Add(s.limit)
	}
	for i, l := range lanes {
		for _, w := range l.Windows {
			s.rate = max(s.rate, w.PerSecond(max(w.Scheduled, w.OK)))
			if y, known := p99Of(w.Response); known {
				s.latency.Add(y)
			}
		}
		for _, r := range l.Rounds {
			for _, level := range s.trial(i, r.Round).Levels {
				s.most = max(s.most, level.Ready, level.Desired)
			}
		}
	}
	return s
}

// trial is how the replicas of a lane followed the load in a round.
func (s scalePlot) trial(i, round int) scaling.Trial {
	at := slices.IndexFunc(s.view.analysis.Scaling, func(t scaling.Trial) bool {
		return t.Target == s.view.series[i].row.Target && t.Phase == s.view.phase.Name && t.Round == round
	})
	if at < 0 {
		return scaling.Trial{}
	}
	return s.view.analysis.Scaling[at]
}

// p99Of is the 99th percentile of a window in milliseconds, of however few answers: where
// they are few it is the slowest, or close to it.
func p99Of(h *hdrhistogram.Histogram) (float64, bool) {
	if h == nil {
		return 0, false
	}
	return chart.Milliseconds(h.ValueAtQuantile(99)), true
}

func (s scalePlot) legend(p chart.Palette) chart.Legend {
	first := s.view.series[0].Look.Color
	l := chart.Legend{
		{Text: "due", Color: chart.Faint(p.Muted, 0.5), Line: 3.2},
		{Text: "answered", Color: first, Line: 1.2},
		{Text: "replicas requested", Color: p.Ink, Line: 1.2, Dash: chart.Dashed()},
		{Text: "replicas ready", Color: first, Line: 1.8},
		{Text: "first answer of a new replica", Color: first, Marker: chart.Star},
		{Text: "p99", Color: first, Marker: chart.Triangle.Hollow()},
	}
	l = append(l, s.view.faultEntry(p)...)
	if s.limit > 0 {
		l = append(l, chart.Entry{Text: "limit of the p99", Color: p.Alarm, Line: 1, Dash: chart.Dashed()})
	}
	if slices.ContainsFunc(s.lanes, func(l lane) bool {
		return slices.ContainsFunc(l.Windows, func(w sample.Window) bool { return w.Failed+w.Censored > 0 })
	}) {
		l = append(l, chart.Entry{Text: "failed", Color: p.Alarm, Line: 3.2})
	}
	return l
}

// grid is one target's three panels, one above the other.
func (s scalePlot) grid(p chart.Palette, i int) chart.Grid {
	l, look := s.lanes[i], s.view.series[i].Look.Color
	load, replicas, latency := l.panel(p, 1), l.panel(p, 1), l.panel(p, 1)
	for _, upper := range []*plot.Plot{load, replicas} {
		chart.HideLabels(&upper.X)
		upper.Y.Tick.Marker = chart.LinearTicks(4)
	}
	load.Y.Min, load.Y.Max = 0, max(s.rate, 1)*1.08
	load.Add(
		l.steps(chart.Stroke(chart.Faint(p.Muted, 0.5), 3.2), func(w sample.Window) float64 { return w.PerSecond(w.Scheduled) }),
		l.steps(chart.Stroke(look, 1.2), func(w sample.Window) float64 { return w.PerSecond(w.OK) }),
		l.rug(p), s.view.faults(l, i, p), l.separators(p, true, false),
	)
	replicas.Y.Min, replicas.Y.Max = -0.3, float64(s.most)+0.5
	replicas.Add(s.view.faults(l, i, p), s.replicas(i, look, p), l.separators(p, false, false))
	chart.LogAxis(&latency.Y, s.latency.Padded(2), trackHeight, 22)
	if s.limit > 0 {
		latency.Add(chart.Level(s.limit, chart.Stroke(p.Alarm, 1, chart.Dashed()...)))
	}
	p99 := l.points(func(w sample.Window) (float64, bool) { return p99Of(w.Response) })
	latency.Add(s.view.faults(l, i, p), chart.Dots(p99, chart.Triangle.Hollow(), look, 2), l.separators(p, false, false))
	g := chart.Grid{
		Headings: [][]chart.Heading{s.view.headings()[i : i+1]}, Top: chart.HeadingHeight, PadX: 10, PadY: 8,
		Panels: [][]*plot.Plot{{load}, {replicas}, {latency}}, Titles: []string{"requests/s", "replicas", "p99, ms"},
	}
	if s.trial(i, l.Rounds[0].Round).Levels == nil { // the target tells nothing of them
		g.Panels, g.Titles = slices.Delete(g.Panels, 1, 2), slices.Delete(g.Titles, 1, 2)
	}
	return g
}

// replicas draws how many were requested and ready, and when new ones first answered.
func (s scalePlot) replicas(i int, look color.NRGBA, p chart.Palette) chart.Mark {
	return func(a chart.Area) {
		for _, r := range s.lanes[i].Rounds {
			t := s.trial(i, r.Round)
			// From how many on a line is drawn: a number requested of 0 is one that was not said.
			at := func(offset time.Duration) vg.Length { return a.X(min(r.To, max(r.From, r.From+offset.Seconds()))) }
			draw := func(sty draw.LineStyle, least int, value func(scaling.Level) int) {
				var line []vg.Point
				for k, level := range t.Levels {
					until := r.To
					if k+1 < len(t.Levels) {
						until = r.From + t.Levels[k+1].At.Seconds()
					}
					y := a.Y(float64(value(level)))
					if until > r.From && value(level) >= least {
						line = append(line, vg.Point{X: at(level.At), Y: y}, vg.Point{X: a.X(min(until, r.To)), Y: y})
					}
				}
				if len(line) > 0 {
					a.StrokeLines(sty, line)
				}
			}
			draw(chart.Stroke(look, 1.8), 0, func(l scaling.Level) int { return l.Ready })
			draw(chart.Stroke(p.Ink, 1.2, chart.Dashed()...), 1, func(l scaling.Level) int { return l.Desired })
			for _, replica := range t.Replicas {
				if replica.New && replica.First != nil {
					first := t.Rise + *replica.First
					a.Marker(chart.Star, look, 3.5, at(first), a.Y(float64(readyAt(t.Levels, first))))
				}
			}
		}
	}
}

// readyAt is how many replicas are ready at a moment of a phase.
func readyAt(levels []scaling.Level, at time.Duration) (ready int) {
	for _, l := range levels {
		if l.At <= at {
			ready = l.Ready
		}
	}
	return ready
}
