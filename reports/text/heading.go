package text

import (
	"fmt"
	"strings"

	"servebench/reports/stats"
)

// heading says what the whole comes to: what went wrong with the servers before
// anything else, then what is wrong with the instrument, with the reasons.
func (p *page) heading() {
	a := p.analysis
	p.wrapped("  ", p.verdict(a.Lead())+p.absent())
	for _, server := range []bool{true, false} {
		for _, d := range a.Diagnostics {
			if d.Rule != "empty" && onTop(d) && ofServer(d) == server {
				p.diagnostic(d)
			}
		}
	}
	p.empty()
	if short := a.Shortfall(); short != nil {
		p.wrapped("  ", p.paint(yellow, short.Word)+" "+clean(short.Text))
	}
}

// empty says what to do where nothing was measured, which the first line says,
// unless a diagnostic about a server has said it.
func (p *page) empty() {
	for _, d := range p.analysis.Diagnostics {
		if d.Rule == "empty" && len(p.analysis.ServerFailures()) == 0 {
			p.wrapped("    ", "  → "+clean(d.Action))
		}
	}
}

// onTop says that a diagnostic is said at the top, not among the others.
func onTop(d stats.Diagnostic) bool { return d.Severity == stats.SeverityError || ofServer(d) }

// emulated says, right below the figures, which of them are those of emulation.
func (p *page) emulated() {
	for _, d := range p.analysis.Diagnostics {
		if ofEmulation(d) {
			p.space()
			p.diagnostic(d)
		}
	}
}

func ofEmulation(d stats.Diagnostic) bool { return d.Rule == "emulated" }

// ofServer says that a diagnostic is about a server that was not there to be measured.
func ofServer(d stats.Diagnostic) bool { return d.Rule == "not-ready" || d.Rule == "server-died" }

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

// verdict is the first line: the word, the scenario, and why, as the sentence says.
func (p *page) verdict(sentence string) string {
	a := p.analysis
	name, why := clean(a.Run.Scenario.Name), clean(sentence)
	switch {
	case a.Nothing() != "":
		return fmt.Sprintf("%s %s: %s", p.paint(red, a.Word()), name, why)
	case a.Verdict == stats.NoLimit:
		return fmt.Sprintf("%s: %s", name, why)
	case a.Verdict == stats.InvalidInstrument:
		why += ". " + p.none()
	}
	return fmt.Sprintf("%s %s: %s", p.paint(colourOf(a.Verdict), string(a.Verdict)), name, why)
}

// none says that an INVALID run has no results.
func (p *page) none() string {
	if p.analysis.Refused() {
		return "Nothing was sent"
	}
	return "The figures below are no results"
}

// validity is the line under the figures: how the instrument did, at its worst.
func (p *page) validity() {
	a := p.analysis
	if a.Nothing() != "" || a.Refused() {
		return
	}
	if a.OnlyStarts() {
		p.space()
		line := string(a.Validity) + " starts alone were measured, so there is no instrument that could have been too slow"
		if a.Verdict == stats.NoLimit {
			line += ", and no limit was judged"
		}
		p.wrapped("  ", line)
		return
	}
	v := a.Vitals()
	word := p.paint(green, string(a.Validity))
	if a.Validity == stats.Invalid { // which the first line says
		word = "load generator:"
	}
	var parts []string
	if v.Open {
		parts = append(parts, "achieved/offered "+stats.FormatPercent(v.Achieved))
	}
	if v.LagKnown {
		parts = append(parts, "lag p99 "+stats.FormatDuration(v.LagP99))
	}
	late := fmt.Sprintf("%s over %s late", stats.FormatPercent(v.Late.Value), stats.FormatDuration(v.LagLimit))
	if chance := stats.LateByChance(v.Late); chance != "" {
		late += " (" + chance + ")"
	}
	parts = append(parts, late)
	if v.CPUKnown {
		parts = append(parts, "generator CPU "+stats.FormatPercent(v.GeneratorCPU))
	}
	p.space()
	p.wrapped("  ", fmt.Sprintf("%s %s", word, strings.Join(parts, " · ")))
	p.wrapped("  ", clean(stats.FloorLine(a.Run)))
}
