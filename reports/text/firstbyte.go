package text

import (
	"slices"

	"servebench/reports/stats"
)

// firstByte is the table of the times to first byte, where they were recorded.
func (p *page) firstByte(rows []stats.Row) {
	rows = slices.DeleteFunc(slices.Clone(rows), func(r stats.Row) bool { return r.FirstByte.N == 0 })
	if len(rows) == 0 {
		return
	}
	t := &table{
		head: []string{"TIME TO FIRST BYTE", "P50", "P90", "P99 [95% CI]", "P99.9", "MAX", "n"},
		left: map[int]bool{0: true, 3: true},
	}
	for _, r := range rows {
		t.add(p.name(r.Target), quantile(r.FirstByte, 0), quantile(r.FirstByte, 1), withInterval(r.FirstByte, 2), quantile(r.FirstByte, 3),
			longest(r.FirstByte), stats.FormatCount(r.FirstByte.N))
	}
	p.space()
	p.table(t)
	p.line("From the due time to the first byte of the answer's body.")
}
