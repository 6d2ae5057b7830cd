package html

import "servebench/reports/stats"

// ttft holds the times to first token, where they were recorded.
func (b builder) ttft() *table {
	t := &table{
		Caption: "Time to first token of " + answers(b.a) + ", from when a request was due to the first byte of its answer's body. In small print: the 95 % interval",
		Head:    []string{"target", "p50", "p90", "p99", "p99.9", "max", "n"},
	}
	for _, r := range b.a.Rows {
		if r.TTFT.N > 0 {
			row := append([]cell{b.name(r.Target, r.Phase)}, quantiles(r.TTFT)...)
			t.Rows = append(t.Rows, append(row, longest(r.TTFT), text(stats.FormatCount(r.TTFT.N))))
		}
	}
	return t.unlessEmpty()
}
