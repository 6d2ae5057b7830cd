package text

import (
	"fmt"
	"strings"

	"servebench/reports/stats"
)

// heading says what the whole comes to. An INVALID run says so before anything
// else, with the reasons.
func (p *page) heading() {
	a := p.analysis
	p.wrapped("  ", p.verdict(a)+p.absent())
	for _, d := range a.Doubts {
		if d.Fatal {
			p.doubt(d)
		}
	}
	if a.Run.Interrupted != "" {
		p.wrapped("  ", fmt.Sprintf("%s the run ended before its plan did: %s", p.paint(yellow, "INTERRUPTED"), clean(a.Run.Interrupted)))
	}
}

// absent names the targets that the verdict says nothing about.
func (p *page) absent() string {
	var names []string
	for _, t := range p.analysis.Run.Targets {
		if t.Unavailable != "" {
			names = append(names, clean(t.Name))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; did not run: " + strings.Join(names, ", ")
}

func (p *page) verdict(a *stats.Analysis) string {
	name := clean(a.Run.Scenario.Name)
	word := p.paint(colourOf(a.Verdict), string(a.Verdict))
	switch a.Verdict {
	case stats.InvalidInstrument:
		if len(a.Rows) == 0 {
			return fmt.Sprintf("%s %s: there is no result", word, name)
		}
		return fmt.Sprintf("%s %s: the instrument cannot be believed, so the figures below are no results", word, name)
	case stats.NoLimit:
		return fmt.Sprintf("%s: measured; the scenario sets no limits", name)
	case stats.Pass:
		return fmt.Sprintf("%s %s: all %s hold", word, name, limits(len(a.Gates)))
	}
	var broken, open []string
	for _, g := range a.Gates {
		switch g.Verdict {
		case stats.Fail:
			broken = append(broken, clean(g.Target)+" "+g.Metric)
		case stats.Inconclusive:
			open = append(open, clean(g.Target)+" "+g.Metric)
		}
	}
	var parts []string
	if len(broken) > 0 {
		parts = append(parts, "broken: "+strings.Join(broken, ", "))
	}
	if len(open) > 0 {
		parts = append(parts, "undecided: "+strings.Join(open, ", "))
	}
	return fmt.Sprintf("%s %s: of %s, %s", word, name, limits(len(a.Gates)), strings.Join(parts, "; "))
}

func limits(n int) string {
	if n == 1 {
		return "1 limit"
	}
	return fmt.Sprintf("%d limits", n)
}

// validity is the line under the figures: how the instrument did, at its worst.
func (p *page) validity() {
	a := p.analysis
	if len(a.Cells) == 0 {
		return
	}
	v := a.Vitals()
	colour := green
	if a.Validity == stats.Invalid {
		colour = red
	}
	parts := []string{
		"achieved/offered " + stats.FormatPercent(v.Achieved),
		"lag p99 " + stats.FormatDuration(v.LagP99),
	}
	if v.CPUKnown {
		parts = append(parts, "generator CPU "+stats.FormatPercent(v.GeneratorCPU))
	}
	p.space()
	p.line("%s %s", p.paint(colour, string(a.Validity)), strings.Join(parts, " · "))
}
