package document

import (
	"testing"
	"time"

	"servebench/reports/analysis/failover"
	"servebench/reports/analysis/sample"
	"servebench/reports/document/element"
)

// TestFaultCells say of what is not known why.
func TestFaultCells(t *testing.T) {
	after := func(d time.Duration) sample.Times { return sample.NewTimes([]time.Duration{d}) }
	cases := func(s failover.NewServer) []failover.Case { return []failover.Case{{New: s}} }
	for want, got := range map[string]element.Cell{
		"0":         medianOrZero(after(1)), // a single failure
		"182":       medianOrZero(after(182 * time.Millisecond)),
		"187":       newServerCell(failover.Fault{Answered: after(187 * time.Millisecond)}),
		"no answer": newServerCell(failover.Fault{Cases: cases(failover.NewServer{Began: 1, Known: true})}),
		"not known": newServerCell(failover.Fault{Cases: cases(failover.NewServer{Began: 1})}),
		"–":         newServerCell(failover.Fault{Cases: cases(failover.NewServer{})}),

		"0, up to 15 in 1 of 3 rounds": inRounds(orLongest(element.Text("0"), sample.NewTimes([]time.Duration{0, 0, 15 * time.Second}), time.Second), 1, 3),

		"187 in 1 of 3 rounds": inRounds(newServerCell(failover.Fault{Answered: after(187 * time.Millisecond)}), 1, 3),
		"188":                  inRounds(newServerCell(failover.Fault{Answered: after(188 * time.Millisecond)}), 3, 3),
	} {
		if got.Text != want {
			t.Errorf("%q, want %q", got.Text, want)
		}
	}
}
