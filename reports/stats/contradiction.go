package stats

import (
	"fmt"

	"servebench/reports/record"
)

// contradicts holds the ledger, the slices and the interval log against each
// other: a record that loses requests between them is not to be believed,
// whoever wrote it.
func contradicts(a *Analysis, c *cell, row Row) (finding, bool) {
	l := c.Ledger
	lost := max(l.Sent-l.Scheduled, abs(l.Sent-l.OK-l.Failed-l.Censored))
	// What did not fit into a histogram has its own rule.
	for _, check := range []struct {
		counted int64
		tag     string
	}{{l.OK, record.TagResponse}, {l.Failed, record.TagFailed}, {l.Censored, record.TagCensored}, {l.Sent, record.TagLag}} {
		lost = max(lost, abs(check.counted-c.count(check.tag))-c.Instrument.OutOfRange-c.dropped)
	}
	var slices record.Ledger
	for _, s := range c.Slices {
		slices = addLedgers(slices, record.Ledger{OK: s.OK, Failed: s.Failed, Censored: s.Censored})
	}
	lost = max(lost, abs(slices.OK-l.OK), abs(slices.Failed-l.Failed), abs(slices.Censored-l.Censored))
	if lost == 0 {
		return finding{}, false
	}
	figure := fmt.Sprintf("%s requests not accounted for", FormatCount(lost))
	return finding{Doubt{
		Rule: "ledger", Fatal: true, Figure: figure, Threshold: "none",
		Text:   fmt.Sprintf("the record contradicts itself between ledger, seconds and interval log: %s", figure),
		Action: "run it again; if it comes again, this is a fault of servebench: keep the run's folder and report it",
	}, float64(lost)}, true
}

func abs(n int64) int64 { return max(n, -n) }

// isOpen says that arrivals did not wait for answers, which is what the rules
// on rate and lag are about.
func isOpen(a *Analysis, c *cell) bool {
	for _, p := range a.Run.Scenario.Phases {
		if p.Name == c.Phase {
			return p.Open
		}
	}
	return false
}
