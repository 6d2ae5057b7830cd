// Package calibration finds out what the load generator can do on this machine,
// and keeps it: the highest rate at which it is still VALID, and the floor of its
// latencies. How a rate is tried is handed in, so that the search is the same on a
// real machine and on one that a test makes up.
package calibration

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"servebench/reports/record"
)

// Try is one rate that was tried.
type Try struct {
	Rate  float64 `json:"rate"` // per second
	Valid bool    `json:"valid"`
	Why   string  `json:"why,omitempty"` // it was not
}

// Search says how to look for the highest valid rate.
type Search struct {
	From      float64 // the first rate, per second; rates are whole numbers
	Most      float64 // no rate above is tried
	Least     float64 // nor one below
	Precision float64 // the rate just above that is not valid is at most so much higher: 0.08
}

// Run doubles the rate from s.From on until it is not valid, or halves it until it
// is, and then bisects between the two. A machine may be disturbed once, and a rate
// too high for it may get through once: a rate that was not valid at first is tried
// again, and counts when two of three tries were. Run returns the highest rate that
// counts, below all that do not, and every try in its order. Its error is try's own,
// that of the context, or says that no rate is valid.
func (s Search) Run(ctx context.Context, try func(context.Context, float64) (Try, error)) (most float64, tries []Try, err error) {
	once := func(rate float64) bool {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return false
		}
		var t Try
		if t, err = try(ctx, rate); err != nil {
			return false
		}
		tries = append(tries, t)
		return t.Valid
	}
	valid := func(rate float64) bool {
		if once(rate) {
			return true
		}
		again := once(rate)
		return again && once(rate)
	}
	low, high := s.bracket(valid)
	for err == nil && low > 0 && high > low*(1+s.Precision) {
		if middle := math.Round(math.Sqrt(low * high)); valid(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	switch {
	case err != nil:
		return 0, tries, err
	case low == 0:
		return 0, tries, noRate(tries)
	}
	return low, tries, nil
}

// bracket returns a valid rate and one above it that is not, 0 where all are or
// none is.
func (s Search) bracket(valid func(float64) bool) (low, high float64) {
	for rate := min(s.From, s.Most); ; rate = min(2*rate, s.Most) {
		if !valid(rate) {
			high = rate
			break
		}
		if low = rate; rate == s.Most {
			return low, 0
		}
	}
	for low == 0 && high/2 >= s.Least {
		if half := math.Round(high / 2); valid(half) {
			low = half
		} else {
			high = half
		}
	}
	return low, high
}

// ErrNoRate says that the generator is not valid at any rate.
var ErrNoRate = errors.New("the load generator is valid at no rate")

func noRate(tries []Try) error {
	last := tries[len(tries)-1]
	return fmt.Errorf("%w, not even at %g/s: %s", ErrNoRate, last.Rate, last.Why)
}

// LeftOut is a rate whose floor is not known.
type LeftOut struct {
	Rate float64 `json:"rate"` // per second
	Why  string  `json:"why"`
}

const (
	// mostFloor is the highest p50 of a floor. A server that answers immediately has a
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
