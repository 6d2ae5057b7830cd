package stats

import (
	"fmt"

	"servebench/reports/analysis/stat"
	"servebench/reports/format"
)

// LagMethod says in words when lag makes a run INVALID; see Row.LagLimit.
func LagMethod() string {
	return fmt.Sprintf("≤ %s, or %s of the target's median service time where that is more, for all but %s of a round's requests, chance apart: it counts once the share's whole 95 %% interval lies above that",
		format.Duration(lagFloor), format.Percent(lagShare), format.Percent(mostLate))
}

// LateByChance says what is to be said of a share of late requests that is larger
// than the threshold, but not beyond doubt, so that the run is VALID; "" of others.
func LateByChance(late stat.Proportion) string {
	if late.Value <= mostLate || late.Low > mostLate {
		return ""
	}
	return fmt.Sprintf("not beyond %s by more than chance", format.Percent(mostLate))
}
