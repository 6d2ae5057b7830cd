package validity

import (
	"fmt"
	"math"

	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

const (
	// mostClumped is how far the squared coefficient of variation of the gaps sent
	// may be from that of the gaps planned. By Kingman's formula, the wait in a queue
	// is about proportional to (c_a² + c_s²)/2, with c_a² that of the gaps between
	// arrivals: half a unit more or less of a Poisson process (c_a² = 1) changes the
	// wait before a server with c_s² = 1 by a quarter. J. F. C. Kingman, "The single
	// server queue in heavy traffic", Mathematical Proceedings of the Cambridge
	// Philosophical Society 57 (1961).
	mostClumped = 0.5
	fewGaps     = 1000 // fewer do not tell a variance
)

// clumped tells of arrivals that were spread in another way than planned.
func clumped(a *Subject, c *sample.Cell, row sample.Row) (cellDiagnostic, bool) {
	g := c.Instrument.Gaps
	off := math.Abs(g.Sent - g.Planned)
	if g.N < fewGaps || off <= mostClumped || !isOpen(a, c) {
		return cellDiagnostic{}, false
	}
	figure := fmt.Sprintf("squared coefficient of variation of the gaps %s as sent, %s as planned", format.Number(g.Sent), format.Number(g.Planned))
	even := "evenly"
	if g.Sent > g.Planned {
		even = "unevenly"
	}
	return cellDiagnostic{record.Diagnostic{
		Rule: "gaps", Figure: figure, Threshold: fmt.Sprintf("within ±%s", format.Number(mostClumped)),
		Text:   fmt.Sprintf("the requests left more %s than planned, so that they queue differently: %s", even, figure),
		Action: "lower the rate, stop what else runs on this machine, or give the generator CPUs of its own",
	}, off}, true
}

// starved names a cause of late requests: the generator's goroutines waited for a
// CPU. Whether requests were late is for the rule late to say.
func starved(a *Subject, c *sample.Cell, row sample.Row) (cellDiagnostic, bool) {
	wait := c.Instrument.SchedP99
	if wait <= row.LagLimit() {
		return cellDiagnostic{}, false
	}
	figure := fmt.Sprintf("scheduler latency p99 %s, max %s", format.Duration(wait), format.Duration(c.Instrument.SchedMax))
	return cellDiagnostic{record.Diagnostic{
		Rule: "scheduler", Figure: figure, Threshold: "p99 ≤ " + format.Duration(row.LagLimit()),
		Text:   "the generator's goroutines were ready and waited for a CPU: " + figure,
		Action: "stop what else runs on this machine, or give the generator more CPUs",
	}, float64(wait)}, true
}

// paused names another: the garbage collector stopped the generator.
func paused(a *Subject, c *sample.Cell, row sample.Row) (cellDiagnostic, bool) {
	pause := c.Instrument.GCPauseMax
	if pause <= row.LagLimit() {
		return cellDiagnostic{}, false
	}
	figure := "longest pause " + format.Duration(pause)
	return cellDiagnostic{record.Diagnostic{
		Rule: "gc", Figure: figure, Threshold: "≤ " + format.Duration(row.LagLimit()),
		Text:   "the garbage collector stopped the generator for longer than a request may be late: " + figure,
		Action: "give the generator CPUs of its own, which its threads stop faster on; what was late then is in the lag",
	}, float64(pause)}, true
}
