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
func incomplete(s *Subject, c *sample.Cell, _ sample.Row) (finding, bool) {
	if c.Failed == "" {
		return finding{}, false
	}
	why := strings.TrimSpace(c.Failed)
	if c.Unread != nil {
		why += fmt.Sprintf("; its log can be read in part only: %v", c.Unread)
	}
	return of("incomplete record", float64(c.Ledger.Scheduled-c.Ledger.Sent), "{why}", why), true
}

// cutOff tells of an interval log that holds fewer requests than the record: it was
// cut off, or lost lines, after the record was written beside it.
func cutOff(s *Subject, c *sample.Cell, _ sample.Row) (finding, bool) {
	if c.Failed != "" {
		return finding{}, false // as incomplete says
	}
	var lost, held int64
	for _, tag := range []string{record.TagResponse, record.TagFailed, record.TagCensored} {
		held += c.Count(tag)
	}
	for _, check := range logged(c) {
		lost = max(lost, check.counted-c.Count(check.tag)-c.Instrument.OutOfRange-c.Dropped)
	}
	figure := fmt.Sprintf("%s of %s requests are in the interval log", format.Count(held), format.Count(c.Ledger.Sent))
	return of(figure, float64(lost), "{log}", c.Log), lost > 0
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
func contradicts(s *Subject, c *sample.Cell, _ sample.Row) (finding, bool) {
	if c.Failed != "" {
		return finding{}, false // as incomplete says
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
	return counted(lost, "requests not accounted for")
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
func misscheduled(s *Subject, c *sample.Cell, _ sample.Row) (finding, bool) {
	var due float64
	if p := s.Run.Phase(c.Phase); p.Open {
		due = p.Rate * p.Duration.Seconds()
	}
	off := math.Abs(float64(c.Ledger.Scheduled) - due)
	return of(format.Count(c.Ledger.Scheduled)+" requests scheduled", off, "{due}", format.Count(int64(math.Round(due)))),
		due > 0 && off > 6*math.Sqrt(due)+6
}

func abs(n int64) int64 { return max(n, -n) }
