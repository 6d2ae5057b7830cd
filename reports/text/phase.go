package text

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/record"
	"servebench/reports/stats"
)

// phase writes one measured phase: the headline table and, under it, the table
// of what stands beside response time.
func (p *page) phase(phase record.Phase) {
	var rows []stats.Row
	for _, row := range p.analysis.Rows {
		if row.Phase == phase.Name {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return
	}
	p.space()
	p.wrapped("", p.conditions(phase, rows))
	p.table(p.headline(rows))
	p.space()
	p.table(p.beside(rows))
	p.firstByte(rows)
	p.space()
	p.table(p.ledger(rows))
	p.ended(rows)
	p.classes(rows)
	p.steps(phase)
}

// conditions says how the figures came about.
func (p *page) conditions(phase record.Phase, rows []stats.Row) string {
	rounds := rows[0].Rounds
	for _, row := range rows {
		rounds = max(rounds, row.Rounds)
	}
	times := "1 round"
	if rounds != 1 {
		times = fmt.Sprintf("%d rounds", rounds)
	}
	left := ""
	if names := p.unmeasured(); len(names) > 0 {
		left = fmt.Sprintf("; %s left out", strings.Join(names, ", "))
	}
	name := clean(phase.Name)
	if model := p.analysis.ModelOf(phase); model != "" {
		name += ", model " + clean(model)
	}
	from := "from the due time"
	if !phase.Open {
		from = "from when a worker was ready to ask"
	}
	return fmt.Sprintf("%s: %s, %s%s. Milliseconds %s to the end of %s; failures apart, in ERR.",
		name, clean(stats.FormatLoad(phase)), times, left, from, p.answers(rows))
}

// unmeasured names the phases that are in no figure.
func (p *page) unmeasured() []string {
	var names []string
	for _, phase := range p.analysis.Run.Scenario.Phases {
		if !phase.Measured {
			names = append(names, clean(phase.Name))
		}
	}
	return names
}

// answers says what the times are those of.
func (p *page) answers(rows []stats.Row) string {
	if slices.ContainsFunc(rows, p.analysis.ByStatus) {
		return "an answer with the status expected"
	}
	if slices.ContainsFunc(rows, stats.Row.Unchecked) {
		return "an answer (not checked)"
	}
	return "a correct answer"
}

// name is a target's in the first column of a table.
func (p *page) name(target string) string { return clean(p.analysis.Label(target)) }

func (p *page) headline(rows []stats.Row) *table {
	t := &table{
		head: []string{"TARGET", load(rows), "OK/s", "P50", "P99 [95% CI]", "MAX", "ERR", "n"},
		left: map[int]bool{0: true, 4: true},
	}
	for _, r := range rows {
		t.add(p.name(r.Target), r.Load(), ofSent(r, stats.FormatRateNumber(r.OKRate)),
			quantile(r.Response, 0), withInterval(r.Response, 2), longest(r.Response),
			errorRate(r), stats.FormatCount(r.Ledger.Sent))
	}
	return t
}

func (p *page) beside(rows []stats.Row) *table {
	t := &table{
		head: []string{"TARGET", "P99.9", "SERVICE P99", "GOODPUT", "AGREEMENT", "ACCURACY", "CPU", "MEMORY"},
		left: map[int]bool{0: true},
	}
	for _, r := range rows {
		cpu, memory := consumed(r.Usage)
		t.add(p.name(r.Target), quantile(r.Response, 3), quantile(r.Service, 2),
			ofSent(r, stats.FormatRateNumber(r.Goodput)+"/s"), p.share(r, r.Agreement), p.share(r, r.Accuracy),
			cpu, memory)
	}
	return t
}

// none stands where there is nothing to show.
const none = "–"

// errorRate is none where no request came to its end.
func errorRate(r stats.Row) string {
	rate := r.ErrorRate()
	if rate.N == 0 {
		return none
	}
	return stats.FormatPercent(rate.Value)
}

// ofSent is a figure of the requests sent, where there are any.
func ofSent(r stats.Row, figure string) string {
	if r.Ledger.Sent == 0 {
		return none
	}
	return figure
}

// consumed is what the target spent. Nothing that runs spends no CPU or holds no
// memory: a zero is a reading that could not be taken.
func consumed(u record.Usage) (cpu, memory string) {
	cpu, memory = none, none
	if u.Known && u.CPU > 0 {
		cpu = stats.FormatDuration(u.CPU)
	}
	if u.Known && u.Resident > 0 {
		memory = stats.FormatBytes(u.Resident)
	}
	return cpu, memory
}

func quantile(d stats.Distribution, i int) string {
	switch q := d.Quantiles[i]; {
	case d.N == 0:
		return none
	case !q.Known:
		return "n too small"
	default:
		return stats.FormatMilliseconds(q.Value)
	}
}

func withInterval(d stats.Distribution, i int) string {
	q := d.Quantiles[i]
	if !q.Known || !q.HasInterval {
		return quantile(d, i)
	}
	return quantile(d, i) + " " + interval(q.Low, q.High)
}

func longest(d stats.Distribution) string {
	if d.N == 0 {
		return none
	}
	return stats.FormatMilliseconds(d.Max)
}

// share of answers; nothing where there is no model that they could be compared with.
func (p *page) share(r stats.Row, of stats.Proportion) string {
	switch {
	case of.N > 0:
		return stats.FormatPercent(of.Value)
	case p.analysis.ByStatus(r):
		return ""
	}
	return "unknown"
}

// load heads the column of what was asked of the targets.
func load(rows []stats.Row) string {
	if slices.ContainsFunc(rows, func(r stats.Row) bool { return r.Concurrency > 0 }) {
		return "LOAD"
	}
	return "OFFERED"
}

// byStatus says, where it is so, that nothing is known of what answers should hold.
func (p *page) byStatus() {
	if p.analysis.JudgedByStatus() {
		p.line("Answers were judged by their status: there is no model to compare them with.")
	}
}
