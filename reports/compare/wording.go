package compare

import (
	"cmp"
	"fmt"
	"strings"

	"servebench/reports/record"
	"servebench/reports/stats"
)

// Describe is what a reader has to know of a run: "runs/1: compare, 2026-11-22
// 10:15:30 UTC, 3 rounds, VALID, PASS".
func Describe(a *stats.Analysis) string {
	r := a.Run
	parts := []string{
		r.Dir + ": " + r.Scenario.Name,
		r.Created.UTC().Format("2006-01-02 15:04:05 UTC"),
		count(r.Scenario.Rounds, "round"),
	}
	if a.Nothing() != "" {
		return strings.Join(append(parts, "NO RESULT"), ", ")
	}
	parts = append(parts, string(a.Validity))
	if a.Verdict != stats.NoLimit && a.Verdict != stats.InvalidInstrument {
		parts = append(parts, string(a.Verdict))
	}
	return strings.Join(parts, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Says is the comparison in one line: which runs, and, where they are not
// comparable, why and what would compare them nevertheless.
func (c *Comparison) Says() string {
	line := fmt.Sprintf("%s with %s", c.New.Run.ID, c.Base.Run.ID)
	if why := c.Nothing(); why != "" {
		return line + ": " + why
	}
	if names := c.Blocking(); len(names) > 0 {
		line += fmt.Sprintf(": what differs: %s; if that is meant: --allow %s", strings.Join(names, ", "), strings.Join(names, ","))
	}
	return line
}

// Says is the difference in one line, its kind first.
func (d Difference) Says() string {
	what := d.What
	if d.Where != "" {
		what = d.Where + ", " + what
	}
	if d.Fatal {
		what = d.Kind + ": " + what
	}
	line := fmt.Sprintf("%s: %s → %s", what, cmp.Or(d.Base, notKnown), cmp.Or(d.New, notKnown))
	if d.Allowed {
		line += " (allowed)"
	}
	return line
}

// Says names what only one run has.
func (m Missing) Says() string {
	has, lacks := "new run", "base"
	if m.InBase {
		has, lacks = lacks, has
	}
	what := m.Target
	switch {
	case m.Starts:
		what += ", cold starts"
	case m.Phase != "":
		what += ", phase " + m.Phase
	}
	line := fmt.Sprintf("%s: measured in the %s alone", what, has)
	if m.Why != "" {
		line += fmt.Sprintf("; in the %s it did not run: %s", lacks, m.Why)
	}
	return line
}

// Title heads the figures of a phase with the load of both runs.
func (c *Comparison) Title(phase string) string {
	if phase == "" {
		return "cold start: from the server's start to its first answer"
	}
	b, _ := phaseNamed(c.Base.Run, phase)
	n, _ := phaseNamed(c.New.Run, phase)
	if old, now := stats.FormatLoad(b), stats.FormatLoad(n); old != now {
		return fmt.Sprintf("%s: %s; in the new run %s", phase, old, now)
	}
	return phase + ": " + stats.FormatLoad(b)
}

// Title names the figure: "p99", "CPU per request".
func (f Figure) Title() string {
	if f.Metric == record.MetricCPU {
		return "CPU per request"
	}
	return f.Metric
}
