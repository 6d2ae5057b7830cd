package html

import (
	"servebench/reports/format"
)

// firstByte holds the times to first byte, where they were recorded.
func (b builder) firstByte() *table {
	t := &table{
		Caption: "Time to first byte of " + answers(b.a) + ", from when a request was due to the first byte of its answer's body. In small print: the 95 % interval",
		Head:    []string{"target", "p50", "p90", "p99", "p99.9", "max", "n"},
	}
	for _, r := range b.a.Rows {
		if r.FirstByte.N > 0 {
			row := append([]cell{b.name(r.Target, r.Phase)}, quantiles(r.FirstByte)...)
			t.Rows = append(t.Rows, append(row, longest(r.FirstByte), text(format.Count(r.FirstByte.N))))
		}
	}
	return t.unlessEmpty()
}
