package markdown

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"servebench/reports/record"
	"servebench/reports/stats"
)

// verdict is the heading, and why.
func verdict(a *stats.Analysis) string {
	text := fmt.Sprintf("## %s: %s\n\n%s.\n", a.Word(), escaped(a.Run.Scenario.Name), escaped(capital(a.Sentence())))
	if short := a.Shortfall(); short != nil {
		text += fmt.Sprintf("\n**%s**: %s.\n", short.Word, escaped(short.Text))
	}
	return text
}

// capital begins a sentence.
func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

// gates are the limits, the worst first.
func gates(a *stats.Analysis) string {
	if a.AB != nil || len(a.Gates) == 0 {
		return ""
	}
	t := &table{
		head:    []string{"Verdict", "Target", "Phase", "Limit", "Observed", "95 % interval", "n", "Why"},
		figures: []int{4, 5, 6},
	}
	for _, g := range worstFirst(a.Gates) {
		why := g.Why
		if why == "" {
			why = g.Note
		}
		t.add(string(g.Verdict), a.Label(g.Target), g.Phase, g.Metric+" "+g.Limit, g.Observed, g.Interval, stats.FormatCount(g.N), why)
	}
	by := ""
	if a.By != "" {
		by = "\nJudged by other limits than the run's own: " + escaped(a.By) + ".\n"
	}
	rounds := ""
	if line := a.RoundsLine(); line != "" {
		rounds = "\n" + escaped(line) + "\n"
	}
	return "\n### Limits\n" + by + "\n" + t.markdown() + rounds
}

func worstFirst(all []stats.Gate) []stats.Gate {
	order := []stats.Verdict{stats.InvalidInstrument, stats.Fail, stats.Inconclusive, stats.Pass, stats.NoLimit}
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(x, y stats.Gate) int {
		return slices.Index(order, x.Verdict) - slices.Index(order, y.Verdict)
	})
	return sorted
}

// headline are the figures that people look for.
func headline(a *stats.Analysis) string {
	t := &table{
		head:    []string{"Target", "Phase", "Load", "OK/s", "Goodput", "p50", "p90", "p99", "Max", "Errors", "n"},
		figures: []int{2, 3, 4, 5, 6, 7, 8, 9, 10},
	}
	for _, r := range a.Rows {
		t.add(a.Label(r.Target), r.Phase, r.Load(), stats.FormatRateNumber(r.OKRate), stats.FormatRate(r.Goodput),
			quantile(r.Response, 0), quantile(r.Response, 1), quantile(r.Response, 2), longest(r.Response),
			errorRate(r), stats.FormatCount(r.Ledger.Sent))
	}
	text := t.markdown()
	if text == "" {
		return ""
	}
	note := "Response times from when a request was due, of right answers; errors apart.\n"
	if a.Validity == stats.Invalid {
		note = "The run is INVALID: these figures are **no results**.\n"
	}
	return "\n### Measured\n\n" + note + "\n" + text
}

const none = "–"

func quantile(d stats.Distribution, i int) string {
	switch q := d.Quantiles[i]; {
	case d.N == 0:
		return none
	case !q.Known:
		return "n too small"
	case q.HasInterval:
		return stats.FormatDuration(q.Value) + " " + stats.FormatRange(q.Low, q.High)
	default:
		return stats.FormatDuration(q.Value)
	}
}

func longest(d stats.Distribution) string {
	if d.N == 0 {
		return none
	}
	return stats.FormatDuration(d.Max)
}

func errorRate(r stats.Row) string {
	rate := r.ErrorRate()
	if rate.N == 0 {
		return none
	}
	return stats.FormatPercent(rate.Value)
}

// diagnostics are what makes the run INVALID, in full, and what else limits belief in it.
func diagnostics(a *stats.Analysis) string {
	if len(a.Diagnostics) == 0 {
		return ""
	}
	t := &table{head: []string{"", "Where", "What", "What to do"}}
	for _, d := range a.Diagnostics {
		weight := ""
		if d.Severity == stats.SeverityError {
			weight = "makes it INVALID"
		}
		t.add(weight, where(d), d.Text, d.Action)
	}
	open := ""
	if a.Validity == stats.Invalid {
		open = " open"
	}
	return details("Diagnostics", open, t)
}

func where(d stats.Diagnostic) string {
	parts := []string{d.Target, d.Phase}
	if d.Round > 0 {
		parts = append(parts, fmt.Sprintf("round %d", d.Round))
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// details is a table to be unfolded.
func details(name, open string, t *table) string {
	return fmt.Sprintf("\n<details%s><summary>%s</summary>\n\n%s\n</details>\n", open, name, t.markdown())
}

// environment is where it was measured, and how to have it again.
func environment(a *stats.Analysis) string {
	t := &table{head: []string{"Environment", ""}}
	for _, f := range a.Run.Environment {
		t.add(f.Name, f.Value)
	}
	for _, f := range []record.Fact{
		{Name: "servebench", Value: a.Run.Version},
		{Name: "run", Value: a.Run.ID},
		{Name: "seed", Value: fmt.Sprint(a.Run.Scenario.Seed)},
		{Name: "repeat it", Value: stats.FormatCommand(a.Run.Command...)},
		{Name: "make its report again", Value: stats.ReportCommand(a.Run)},
	} {
		t.add(f.Name, f.Value)
	}
	return details("Environment", "", t)
}
