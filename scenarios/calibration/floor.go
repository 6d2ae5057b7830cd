package calibration

import (
	"fmt"
	"time"

	"servebench/reports/record"
)

// LeftOut is a rate whose floor is not known.
type LeftOut struct {
	Rate float64 `json:"rate"` // per second
	Why  string  `json:"why"`
}

const (
	// mostFloor is the highest p50 of a floor. A server that answers at once has a
	// fraction of a millisecond; what waits longer is behind something else on the
	// machine.
	mostFloor = 2 * time.Millisecond
	// mostStep is how many times the p50 of the rate below a floor's p50 may be.
	mostStep = 3
)

// Disturbed says why a floor is not one but what else the machine did; "" when
// nothing speaks against it. below is the floor of the next lower rate that is
// known, nil when none is.
func Disturbed(f record.Floor, below *record.Floor) string {
	switch {
	case f.P50 > mostFloor:
		return fmt.Sprintf("p50 %v, of which more than %v is not the load generator's", f.P50.Round(time.Microsecond), mostFloor)
	case below != nil && f.P50 > mostStep*below.P50:
		return fmt.Sprintf("p50 %v, more than %d times the %v at %g/s",
			f.P50.Round(time.Microsecond), mostStep, below.P50.Round(time.Microsecond), below.Rate)
	}
	return ""
}
