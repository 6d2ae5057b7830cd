package figures

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/document"
	"servebench/reports/figures/chart"
	"servebench/reports/format"
	"servebench/reports/record"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// view is what the figures of one measured phase are drawn from.
type view struct {
	analysis *analysis.Analysis
	phase    record.Phase
	looks    map[string]chart.Look // of the run's targets
	series   []series
	rounds   int           // the most of a series
	floor    *sample.Floor // the highest one: in an open loop they are all the same
}

// series is one target of a view.
type series struct {
	chart.Heading
	row    sample.Row
	rounds []sample.Row // the same, round by round
}

// views returns one view for each measured phase that has rows, in the
// scenario's order; one without series when nothing was measured.
func views(a *analysis.Analysis) []view {
	looks := looksOf(a.Run)
	var all []view
	for _, row := range a.Rows {
		i := slices.IndexFunc(all, func(v view) bool { return v.phase.Name == row.Phase })
		if i < 0 {
			i = len(all)
			all = append(all, view{analysis: a, phase: a.Run.Phase(row.Phase), looks: looks})
		}
		s := series{Heading: chart.Heading{Look: looks[row.Target], Name: nameOf(a, row.Target), Note: answered(row.Ledger)}, row: row}
		for _, c := range a.Cells {
			if c.Target == row.Target && c.Phase == row.Phase {
				s.rounds = append(s.rounds, c)
			}
		}
		v := &all[i]
		v.series, v.rounds, v.floor = append(v.series, s), max(v.rounds, row.Rounds), higherFloor(v.floor, row.Floor)
	}
	if len(all) == 0 {
		return []view{{analysis: a}}
	}
	return all
}

// answered is how many requests were, and which share was not.
func answered(l record.Ledger) string {
	note := "n " + format.Count(l.OK)
	if l.Failed > 0 {
		note += ", " + format.Percent(chart.Share(l.Failed, l.Sent)) + " failed"
	}
	if l.Censored > 0 {
		note += ", " + format.Percent(chart.Share(l.Censored, l.Sent)) + " censored"
	}
	return note
}

// figure is a figure of the view's phase, which its name tells where there are several.
func (v view) figure(name string, window time.Duration) Figure {
	f := newFigure(v.analysis, name, document.Drawn{Phase: v.phase.Name, Window: window, Floor: v.floor})
	if v.analysis.Several() {
		f.Name += "-" + slug(v.phase.Name)
	}
	return f
}

// apart are the rounds of a series where there are several with answers.
func (s series) apart() []sample.Row {
	if len(s.rounds) < 2 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.rounds), func(r sample.Row) bool { return r.Response.Histogram == nil })
}

// headings are those of the view's series.
func (v view) headings() []chart.Heading {
	var all []chart.Heading
	for _, s := range v.series {
		all = append(all, s.Heading)
	}
	return all
}

// names are the series, as a table's columns.
func (v view) names() []string {
	var names []string
	for _, s := range v.series {
		names = append(names, s.Name)
	}
	return names
}

// nameOf is the name of a target, fit to be drawn.
func nameOf(a *analysis.Analysis, target string) string { return Label(a.Label(target)) }

// slug keeps what is safe in a file name.
func slug(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return unicode.ToLower(r)
		}
		return '-'
	}, s)
}

// Label makes a name from outside fit to be drawn on one line: no control
// characters, and not longer than a legend bears.
func Label(s string) string {
	s = format.Plain(s)
	const most = 40
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most-1]) + "…"
	}
	return s
}

// roundEntry explains the thin lines; nothing where there are none.
func roundEntry(v view, p chart.Palette) chart.Legend {
	if v.rounds < 2 {
		return nil
	}
	return chart.Legend{{Text: "one round", Color: chart.Faint(p.Ink, 0.6), Line: 0.7}}
}

func targetEntry(name string, l chart.Look) chart.Entry {
	return chart.Entry{Text: name, Color: l.Color, Line: 2, Marker: l.Marker}
}

// The floor of the load generator is drawn as a grey area: what lies in it is the load
// generator's, not the server's.

// floorShade is the opacity of the area.
const floorShade = 0.22

func higherFloor(a, b *sample.Floor) *sample.Floor {
	if a == nil || b != nil && b.Quantiles[0] > a.Quantiles[0] {
		return b
	}
	return a
}

// floorEntry explains the area; nothing without a floor. low is the end of the axis, most
// the highest quantile that is drawn.
func floorEntry(p chart.Palette, f *sample.Floor, low, most float64) chart.Legend {
	q, top := f.Highest(most)
	if q == 0 {
		return nil
	}
	text := "load generator's floor"
	switch {
	case chart.Milliseconds(top) <= low:
		text += ": below the axis"
	case most == bandTop:
		text += " (" + format.Quantile(q) + ")"
	}
	return chart.Legend{{Text: text, Color: chart.Faint(p.Muted, floorShade), Block: true}}
}

// bandTop is the highest quantile that a band shows.
const bandTop = 0.99

// floorBand fills an axis of latency, the horizontal one if across, from its beginning to
// the floor.
func floorBand(p chart.Palette, f *sample.Floor, across bool) chart.Mark {
	_, top := f.Highest(bandTop)
	ms := float64(top) / float64(time.Millisecond)
	return func(a chart.Area) {
		area := a.Rectangle
		switch {
		case across && ms > a.Panel.X.Min:
			area.Max.X = min(a.X(ms), a.Max.X)
		case !across && ms > a.Panel.Y.Min:
			area.Max.Y = min(a.Y(ms), a.Max.Y)
		default:
			return
		}
		a.Rect(chart.Faint(p.Muted, floorShade), area.Min.X, area.Min.Y, area.Max.X, area.Max.Y)
	}
}

// floorPoints are the quantiles of a floor: x = 1/(1−q), y in milliseconds.
func floorPoints(f *sample.Floor) plotter.XYs {
	var points plotter.XYs
	for i, x := range []float64{2, 10, 100, 1000} {
		if f != nil && f.Quantiles[i] > 0 {
			points = append(points, plotter.XY{X: x, Y: chart.Milliseconds(f.Quantiles[i])})
		}
	}
	return points
}

// floorCurve fills a percentile plot up to the quantile curve of the floor.
func floorCurve(p chart.Palette, points plotter.XYs) chart.Mark {
	return func(a chart.Area) {
		if len(points) == 0 {
			return
		}
		height := func(y float64) vg.Length { return max(a.Y(y), a.Min.Y) }
		shape := []vg.Point{a.Min, {X: a.Min.X, Y: height(points[0].Y)}}
		for _, pt := range points {
			shape = append(shape, vg.Point{X: min(a.X(pt.X), a.Max.X), Y: height(pt.Y)})
		}
		shape = append(shape, vg.Point{X: shape[len(shape)-1].X, Y: a.Min.Y})
		a.FillPolygon(chart.Faint(p.Muted, floorShade), shape)
	}
}
