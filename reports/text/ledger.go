package text

import (
	"servebench/reports/stats"
)

// ledger accounts for every request, and says what share of them was answered in
// time and how much of the times is the instrument's own.
func (p *page) ledger(rows []stats.Row) *table {
	within := ""
	if deadline := p.analysis.Run.Scenario.SLO.Deadline(); deadline > 0 {
		within = "WITHIN " + stats.FormatDuration(deadline) + " [95% CI]"
	}
	t := &table{
		head: []string{"TARGET", "SCHEDULED", "SENT", "OK", "FAILED", "CENSORED", within, "FLOOR P50, P99"},
		left: map[int]bool{0: true, 6: true},
	}
	for _, r := range rows {
		l := r.Ledger
		t.add(p.name(r.Target), stats.FormatCount(l.Scheduled), stats.FormatCount(l.Sent), stats.FormatCount(l.OK),
			stats.FormatCount(l.Failed), stats.FormatCount(l.Censored), attained(r), floor(r))
	}
	return t
}

// ended says of each load that was ended before its schedule was, when and why.
func (p *page) ended(rows []stats.Row) {
	for _, r := range rows {
		if text := r.Ended(); text != "" {
			p.wrapped("  ", p.name(r.Target)+" "+clean(text))
		}
	}
}

// attained is the share of requests answered within the deadline; "" without one.
func attained(r stats.Row) string {
	if r.Attained.N == 0 {
		return ""
	}
	return stats.FormatPercent(r.Attained.Value) + " " + stats.FormatPercentInterval(r.Attained.Low, r.Attained.High)
}

// floor is the instrument's own p50 and p99; "" when they are not known.
func floor(r stats.Row) string {
	if r.Floor == nil {
		return ""
	}
	tail := none
	if r.Floor.Quantiles[2] > 0 {
		tail = stats.FormatMilliseconds(r.Floor.Quantiles[2])
	}
	return stats.FormatMilliseconds(r.Floor.Quantiles[0]) + ", " + tail
}

// classes tells the classes of a mix apart.
func (p *page) classes(rows []stats.Row) {
	t := &table{
		head: []string{"TARGET", "CLASS", "SENT", "OK", "FAILED", "CENSORED", "P50", "P99", "n"},
		left: map[int]bool{0: true, 1: true},
	}
	for _, r := range rows {
		for _, c := range r.Classes {
			t.add(p.name(r.Target), clean(c.Name), stats.FormatCount(c.Ledger.Sent), stats.FormatCount(c.Ledger.OK),
				stats.FormatCount(c.Ledger.Failed), stats.FormatCount(c.Ledger.Censored),
				quantile(c.Response, 0), quantile(c.Response, 2), stats.FormatCount(c.Response.N))
		}
	}
	if len(t.rows) > 0 {
		p.space()
		p.table(t)
	}
}
