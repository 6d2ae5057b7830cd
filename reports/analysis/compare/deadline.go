package compare

import (
	"time"

	"servebench/reports/format"
	"servebench/reports/record"
)

// goodput tells that the deadlines differ within which an answer is a good one. It
// forbids nothing: goodput alone is left out of the Figures.
func goodput(base, fresh *record.Run) []Difference {
	return differ(Remark, "", "deadline of goodput, which is left out", deadline(base), deadline(fresh))
}

func deadline(run *record.Run) string {
	return within(run.Scenario.SLO.Deadline())
}

func within(d time.Duration) string {
	if d == 0 {
		return "none"
	}
	return format.Duration(d)
}
