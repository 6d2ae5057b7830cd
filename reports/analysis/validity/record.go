package validity

import (
	"fmt"
	"math"
	"strings"

	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

// incomplete tells of a cell whose record could not be written to its end.
func incomplete(a *Subject, c *sample.Cell, row sample.Row) (cellDiagnostic, bool) {
	if c.Failed == "" {
		return cellDiagnostic{}, false
	}
	text := "the record of a phase is incomplete: " + strings.TrimSpace(c.Failed)
	if c.Unread != nil {
		text += fmt.Sprintf("; its log can be read in part only: %v", c.Unread)
	}
	return cellDiagnostic{record.Diagnostic{
		Rule: "record", Figure: "incomplete record", Threshold: "none",
		Text:   text,
		Action: "mend what it says, such as a full disk, and run it again",
	}, float64(c.Ledger.Scheduled - c.Ledger.Sent)}, true
}

// cutOff tells of an interval log that holds fewer requests than the record: it was
// cut off, or lost lines, after the record was written beside it.
func cutOff(a *Subject, c *sample.Cell, row sample.Row) (cellDiagnostic, bool) {
	if c.Failed != "" {
		return cellDiagnostic{}, false // as incomplete says
	}
	var lost, held int64
	for _, tag := range []string{record.TagResponse, record.TagFailed, record.TagCensored} {
		held += c.Count(tag)
	}
	for _, check := range logged(c) {
		lost = max(lost, check.counted-c.Count(check.tag)-c.Instrument.OutOfRange-c.Dropped)
	}
	if lost <= 0 {
		return cellDiagnostic{}, false
	}
	figure := fmt.Sprintf("%s of %s requests are in the interval log", format.Count(held), format.Count(c.Ledger.Sent))
	return cellDiagnostic{record.Diagnostic{
		Rule: "log", Figure: figure, Threshold: "all",
		Text:   fmt.Sprintf("%s is cut off, or lost lines: %s", c.Log, figure),
		Action: "put back the file as the run wrote it, such as from a copy of the run's folder, or run it again",
	}, float64(lost)}, true
}

// logged is what the interval log has to hold by the ledger, by tag.
func logged(c *sample.Cell) []tagCount {
	l := c.Ledger
	all := []tagCount{{l.OK, record.TagResponse}, {l.OK, record.TagService}, {l.Failed, record.TagFailed}, {l.Censored, record.TagCensored}, {l.Sent, record.TagLag}}
	if c.Count(record.TagFirstByte) > 0 {
		all = append(all, tagCount{l.OK, record.TagFirstByte})
	}
	for _, class := range c.Classes {
		all = append(all, tagCount{class.Ledger.OK, record.TagOfClass(class.Name)})
	}
	return all
}

type tagCount struct {
	counted int64
	tag     string
}

// contradicts holds the ledger, the slices and the interval log against each
// other: a record that tells of different numbers of requests is not to be believed,
// whoever wrote it. Of a log that holds too few, cutOff tells.
func contradicts(a *Subject, c *sample.Cell, row sample.Row) (cellDiagnostic, bool) {
	if c.Failed != "" {
		return cellDiagnostic{}, false // as incomplete says
	}
	l := c.Ledger
	lost := max(l.Sent-l.Scheduled, abs(l.Sent-l.OK-l.Failed-l.Censored))
	// What did not fit into a histogram has its own rule.
	for _, check := range logged(c) {
		lost = max(lost, c.Count(check.tag)-check.counted-c.Instrument.OutOfRange-c.Dropped)
	}
	var slices record.Ledger
	for _, s := range c.Slices {
		slices = slices.Plus(record.Ledger{Scheduled: s.Scheduled, Sent: s.Sent, OK: s.OK, Failed: s.Failed, Censored: s.Censored})
	}
	lost = max(lost, lostInSlices(c, slices.Scheduled), abs(slices.Sent-l.Sent),
		abs(slices.OK-l.OK), abs(slices.Failed-l.Failed), abs(slices.Censored-l.Censored))
	lost = max(lost, lostInClasses(c))
	if lost <= 0 {
		return cellDiagnostic{}, false
	}
	figure := fmt.Sprintf("%s requests not accounted for", format.Count(lost))
	return cellDiagnostic{record.Diagnostic{
		Rule: "ledger", Figure: figure, Threshold: "none",
		Text:   fmt.Sprintf("the record contradicts itself between ledger, seconds and interval log: %s", figure),
		Action: "run it again; if it comes again, this is a fault of servebench: keep the run's folder and report it",
	}, float64(lost)}, true
}

// lostInSlices is how far the requests scheduled by the slices are from the ledger's,
// which has also those that were due after the load was ended.
func lostInSlices(c *sample.Cell, scheduled int64) int64 {
	if c.CutShort() {
		return max(0, scheduled-c.Ledger.Scheduled)
	}
	return abs(scheduled - c.Ledger.Scheduled)
}

// lostInClasses is how far the ledgers of a mix are from the cell's.
func lostInClasses(c *sample.Cell) int64 {
	if len(c.Classes) == 0 {
		return 0
	}
	var sum record.Ledger
	for _, class := range c.Classes {
		sum = sum.Plus(class.Ledger)
	}
	return max(abs(sum.Sent-c.Ledger.Sent), abs(sum.OK-c.Ledger.OK), abs(sum.Failed-c.Ledger.Failed), abs(sum.Censored-c.Ledger.Censored))
}

// misscheduled holds what was scheduled against the phase. The arrivals of a
// Poisson process vary by the square root of their number; six of these are
// beyond chance.
func misscheduled(a *Subject, c *sample.Cell, row sample.Row) (cellDiagnostic, bool) {
	var due float64
	for _, p := range a.Run.Scenario.Phases {
		if p.Name == c.Phase && p.Open {
			due = p.Rate * p.Duration.Seconds()
		}
	}
	off := math.Abs(float64(c.Ledger.Scheduled) - due)
	if due == 0 || off <= 6*math.Sqrt(due)+6 {
		return cellDiagnostic{}, false
	}
	figure := fmt.Sprintf("%s requests scheduled", format.Count(c.Ledger.Scheduled))
	return cellDiagnostic{record.Diagnostic{
		Rule: "schedule", Figure: figure, Threshold: "about " + format.Count(int64(math.Round(due))),
		Text:   "the record holds another load than the scenario's: " + figure,
		Action: "run it again; if it comes again, this is a fault of servebench: keep the run's folder and report it",
	}, off}, true
}

func abs(n int64) int64 { return max(n, -n) }

// isOpen says that arrivals did not wait for answers, which is what the rules on
// the offered rate and the worker cap are about.
func isOpen(a *Subject, c *sample.Cell) bool { return a.Run.Phase(c.Phase).Open }
