package stats

import "fmt"

// LagMethod says in words when lag makes a run INVALID; see Row.LagLimit.
func LagMethod() string {
	return fmt.Sprintf("≤ %s, or %s of the target's median response time where that is more, for all but %s of a round's requests",
		FormatDuration(lagFloor), FormatPercent(lagShare), FormatPercent(mostLate))
}
