package text

import (
	"fmt"
	"strings"

	"servebench/reports/record"
	"servebench/reports/stats"
)

// ratios compares each target with the reference: "container / physical".
func (p *page) ratios() {
	type key struct{ target, phase string }
	parts := make(map[key][]string)
	var order []key
	for _, r := range p.analysis.Ratios {
		k := key{r.Target, r.Phase}
		if parts[k] == nil {
			order = append(order, k)
		}
		parts[k] = append(parts[k], ratio(r))
	}
	if len(order) > 0 {
		p.space()
	}
	for _, k := range order {
		head := fmt.Sprintf("%s / %s%s: ", p.name(k.target), p.name(p.analysis.Reference), p.inPhase(k.phase))
		p.wrapped("  ", head+strings.Join(parts[k], " · "))
	}
	for _, r := range p.analysis.Ratios {
		if !r.HasInterval {
			p.line("Ratios without an interval have too few rounds for one.")
			return
		}
	}
}

func ratio(r stats.Ratio) string {
	s := fmt.Sprintf("%s ×%s", r.Metric, stats.FormatNumber(r.Value))
	if r.HasInterval {
		s += " " + stats.FormatInterval(r.Low, r.High)
	}
	return s
}

// inPhase names the phase where there are several to mix up.
func (p *page) inPhase(name string) string {
	measured := 0
	for _, phase := range p.analysis.Run.Scenario.Phases {
		if phase.Measured {
			measured++
		}
	}
	if measured < 2 || name == "" {
		return ""
	}
	return ", " + clean(name)
}

// errors lists the classes of failures of every row that has some, each with
// its first example.
func (p *page) errors() {
	first := true
	for _, row := range p.analysis.Rows {
		n, sent := row.Ledger.Failed+row.Ledger.Censored, row.Ledger.Sent
		if n == 0 {
			continue
		}
		if first {
			p.space()
			first = false
		}
		p.line("%s%s: %s of %s requests %s (%s)", p.name(row.Target), p.inPhase(row.Phase),
			stats.FormatCount(n), stats.FormatCount(sent), lost(row), stats.FormatPercent(float64(n)/float64(sent)))
		p.table(classes(row))
	}
}

// lost is what became of the requests that were not answered rightly.
func lost(row stats.Row) string {
	switch {
	case row.Ledger.Censored == 0:
		return "failed"
	case row.Ledger.Failed == 0:
		return "were given up at the end"
	}
	return "failed or were given up at the end"
}

func classes(row stats.Row) *table {
	t := &table{head: []string{"  ERROR", "n", "FIRST ONE"}, left: map[int]bool{0: true, 2: true}}
	all := row.Errors
	if row.Ledger.Censored > 0 {
		all = append(all[:len(all):len(all)], record.ErrorCount{
			Class: "censored", Count: row.Ledger.Censored, Example: "given up before its timeout, because the run was ended",
		})
	}
	for _, e := range all {
		t.add("  "+clean(e.Class), stats.FormatCount(e.Count), short(clean(e.Example), 70))
	}
	return t
}

func (p *page) diagnostics() {
	first := true
	for _, d := range p.analysis.Diagnostics {
		if onTop(d) || ofEmulation(d) {
			continue
		}
		if first {
			p.space()
			first = false
		}
		p.diagnostic(d)
	}
}

func (p *page) diagnostic(d stats.Diagnostic) {
	where, want := "", ""
	if d.Target != "" {
		where = clean(d.Target) + p.inPhase(d.Phase)
		if d.Round > 0 {
			where += fmt.Sprintf(", round %d", d.Round)
		}
		where += ": "
	} else if phase := strings.TrimPrefix(p.inPhase(d.Phase), ", "); phase != "" {
		where = phase + ": "
	}
	colour := yellow
	if d.Severity == stats.SeverityError {
		colour, want = red, "; want "+d.Threshold
	}
	p.wrapped("  ", fmt.Sprintf("%s %s%s%s", p.paint(colour, "!"), where, clean(d.Text), want))
	p.wrapped("    ", "  → "+clean(d.Action))
}

// missing lists the targets that could not run here.
func (p *page) missing() {
	first := true
	for _, t := range p.analysis.Run.Targets {
		if t.Unavailable == "" {
			continue
		}
		if first {
			p.space()
			first = false
		}
		p.wrapped("  ", fmt.Sprintf("%s did not run: %s", clean(t.Name), clean(t.Unavailable)))
	}
}

func (p *page) where() {
	p.space()
	p.line("run %s", clean(p.analysis.Run.Dir))
	p.line("    %s   makes its reports again", clean(stats.ReportCommand(p.analysis.Run)))
}
