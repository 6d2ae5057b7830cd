package text

import (
	"slices"

	"servebench/reports/stats"
)

// ttft is the table of the times to first token, where they were recorded.
func (p *page) ttft(rows []stats.Row) {
	rows = slices.DeleteFunc(slices.Clone(rows), func(r stats.Row) bool { return r.TTFT.N == 0 })
	if len(rows) == 0 {
		return
	}
	t := &table{
		head: []string{"TIME TO FIRST TOKEN", "P50", "P90", "P99 [95% CI]", "P99.9", "MAX", "n"},
		left: map[int]bool{0: true, 3: true},
	}
	for _, r := range rows {
		t.add(p.name(r.Target), quantile(r.TTFT, 0), quantile(r.TTFT, 1), withInterval(r.TTFT, 2), quantile(r.TTFT, 3),
			longest(r.TTFT), stats.FormatCount(r.TTFT.N))
	}
	p.space()
	p.table(t)
	p.line("From the due time to the first byte of the answer's body.")
}
