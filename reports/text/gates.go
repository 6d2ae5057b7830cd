package text

import (
	"io"
	"strings"

	"servebench/reports/record"
	"servebench/reports/stats"
)

// WriteGates writes the verdict, what it rests on, and one line for each limit.
func WriteGates(w io.Writer, a *stats.Analysis, style Style) error {
	p := &page{analysis: a, style: style}
	p.heading()
	p.abTest()
	p.gates()
	p.missing()
	p.space()
	p.line("run %s", clean(a.Run.Dir))
	_, err := p.text.WriteTo(w)
	return err
}

// gates judges every limit.
func (p *page) gates() {
	if len(p.analysis.Gates) == 0 || p.analysis.Nothing() != "" || p.analysis.Refused() {
		return
	}
	t := &table{
		head: []string{"VERDICT", "TARGET", "LIMIT", "", "OBSERVED", "[95% CI]", "n"},
		left: map[int]bool{0: true, 1: true, 2: true, 3: true},
	}
	for _, g := range p.analysis.Gates {
		t.add(string(g.Verdict), clean(g.Target)+p.inPhase(g.Phase), g.Metric, g.Limit, g.Observed, g.Interval, g.Sample())
	}
	p.space()
	if by := p.analysis.By; by != "" {
		p.wrapped("  ", "Judged by "+clean(by)+", not by the limits that the run was made with.")
	}
	lines := t.lines()
	p.line("%s", p.paint(bold, lines[0]))
	for i, g := range p.analysis.Gates {
		p.line("%s", strings.Replace(lines[i+1], string(g.Verdict), p.paint(colourOf(g.Verdict), string(g.Verdict)), 1))
		if g.Verdict == stats.InvalidInstrument {
			continue
		}
		for _, more := range []string{g.Why, g.Note} {
			if more != "" {
				p.wrapped("    ", "    "+clean(more))
			}
		}
	}
	p.gatesNotes()
}

// gatesNotes say what holds for all limits, and what would settle those that are
// undecided.
func (p *page) gatesNotes() {
	if slo := p.analysis.SLO; slo.Deadline() > 0 || slo.Service != (record.Quantiles{}) || slo.FirstByte != (record.Quantiles{}) {
		p.line("In these limits a failed request counts as slower than any.")
	}
	if line := p.analysis.RoundsLine(); line != "" {
		p.wrapped("  ", line)
	}
	if rounds, command := p.analysis.More(); command != "" {
		p.line("→ about %d rounds in all may settle what is undecided:", rounds)
		p.line("    %s", clean(command))
		if by := p.analysis.By; by != "" && len(p.analysis.Limits) == 0 {
			p.line("  and of that run: servebench gate RUN %s", clean(by))
		}
	}
}
