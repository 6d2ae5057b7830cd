package figures

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/figures/chart"
	"servebench/reports/format"
	"servebench/reports/record"
)

// view is what the figures of one measured phase are drawn from.
type view struct {
	analysis *analysis.Analysis
	phase    record.Phase
	only     bool                  // the run has no other measured phase
	looks    map[string]chart.Look // of the run's targets
	series   []series
}

// series is one target of a view.
type series struct {
	label  string // the target's name, fit to be drawn
	row    sample.Row
	rounds []sample.Row // the same, round by round
	look   chart.Look
}

// views returns one view for each measured phase that has rows, in the
// scenario's order; one without series when nothing was measured.
func views(a *analysis.Analysis) []view {
	looks := looksOf(a.Run)
	var all []view
	for _, name := range phaseNames(a.Rows) {
		v := view{analysis: a, phase: a.Run.Phase(name), looks: looks}
		for _, row := range a.Rows {
			if row.Phase == name {
				v.series = append(v.series, series{
					label: nameOf(a, row.Target), row: row,
					rounds: roundsOf(a, row), look: looks[row.Target],
				})
			}
		}
		all = append(all, v)
	}
	if len(all) == 0 {
		all = []view{{analysis: a}}
	}
	all[0].only = len(all) == 1
	return all
}

func phaseNames(rows []sample.Row) []string {
	var names []string
	for _, row := range rows {
		if !slices.Contains(names, row.Phase) {
			names = append(names, row.Phase)
		}
	}
	return names
}

func roundsOf(a *analysis.Analysis, row sample.Row) []sample.Row {
	var cells []sample.Row
	for _, c := range a.Cells {
		if c.Target == row.Target && c.Phase == row.Phase {
			cells = append(cells, c)
		}
	}
	return cells
}

// name makes a figure's name unique among the phases.
func (v view) name(base string) string {
	if v.only {
		return base
	}
	return base + "-" + slug(v.phase.Name)
}

// title names the phase when there are several.
func (v view) title(base string) string {
	if v.only {
		return base
	}
	title := base + ", phase " + label(v.phase.Name)
	if model := v.analysis.ModelOf(v.phase); model != "" {
		title += ", model " + label(model)
	}
	return title
}

// nameOf is the name of a target, fit to be drawn.
func nameOf(a *analysis.Analysis, target string) string { return label(a.Label(target)) }

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

// label makes a name from outside fit to be drawn on one line: no control
// characters, and not longer than a legend bears.
func label(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	const most = 40
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most-1]) + "…"
	}
	return s
}

// roundEntry explains the thin lines; nothing where there are none.
func roundEntry(v view, p chart.Palette) chart.Legend {
	if rounds(v) < 2 {
		return nil
	}
	return chart.Legend{{Text: "one round", Color: chart.Faint(p.Ink, 0.6), Line: 0.7}}
}

func targetEntry(name string, l chart.Look) chart.Entry {
	return chart.Entry{Text: name, Color: l.Color, Line: 2, Marker: l.Marker}
}

// conditions states what every figure of a phase has to say about its origin:
// load model, offered rate, warm-up, rounds, samples and the treatment of
// errors. The interval method is added by the figures that draw intervals.
func (v view) conditions() string {
	load := format.Sentence(analysis.FormatLoad(v.phase) + ", " + format.Plural(rounds(v), "round"))
	return load + " " + warmUp(v.analysis.Run) + " " + v.samples()
}

func rounds(v view) int {
	most := 0
	for _, s := range v.series {
		most = max(most, s.row.Rounds)
	}
	return most
}

func warmUp(run *record.Run) string {
	var names []string
	for _, p := range run.Scenario.Phases {
		if !p.Measured {
			names = append(names, fmt.Sprintf("%s (%s)", label(p.Name), format.Duration(p.Duration)))
		}
	}
	if len(names) == 0 {
		return "No warm-up was run or removed."
	}
	return "Not measured and removed in each round: " + strings.Join(names, ", ") + "."
}

// samples gives n of each series and, where some requests have no latency,
// says so.
func (v view) samples() string {
	var parts []string
	lost := false
	for _, s := range v.series {
		l := s.row.Ledger
		text := fmt.Sprintf("%s %s", s.label, format.Count(l.OK))
		if l.OK != l.Sent {
			lost = true
			text += fmt.Sprintf(" of %s (%s failed, %s censored)",
				format.Count(l.Sent), format.Count(l.Failed), format.Count(l.Censored))
		}
		parts = append(parts, text)
	}
	text := "Requests " + v.answered() + ", n: " + strings.Join(parts, "; ") + "."
	if !lost {
		text += " No request failed or was censored."
	}
	return text
}

// answered says what an answered request is: one whose answer was right, unless
// nobody could check that.
func (v view) answered() string {
	if v.byStatus() {
		return "answered with the status expected"
	}
	if v.unchecked() {
		return "answered (not checked)"
	}
	return "answered correctly"
}

func (v view) unchecked() bool {
	return slices.ContainsFunc(v.series, func(s series) bool { return s.row.Unchecked() })
}

// byStatus says that answers were judged by their status alone.
func (v view) byStatus() bool {
	return slices.ContainsFunc(v.series, func(s series) bool { return v.analysis.ByStatus(s.row) })
}
