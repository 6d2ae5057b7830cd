package attack

import (
	"fmt"
	"time"
)

const (
	// slowShare is the share of requests that may exceed Abort.Response.
	slowShare = 0.01
	// defaultFor is what Abort.For is when it is 0.
	defaultFor = 5 * time.Second
	// abortEvery is how often the conditions are looked at.
	abortEvery = 250 * time.Millisecond
)

// any reports whether there is a condition.
func (a Abort) any() bool { return a.Errors > 0 || a.Response > 0 || a.InFlight > 0 }

// check says what is impossible.
func (a Abort) check() error {
	switch {
	case a.Errors < 0 || a.Errors >= 1:
		return fmt.Errorf("abort: errors: %v, want a share from 0 to below 1", a.Errors)
	case a.Response < 0:
		return fmt.Errorf("abort: response: %v, want more than 0s", a.Response)
	case a.InFlight < 0:
		return fmt.Errorf("abort: in flight: %d, want at least 1", a.InFlight)
	case a.For != 0 && a.For < time.Second:
		return fmt.Errorf("abort: for: %v, want at least 1s", a.For)
	}
	return nil
}

// judge says which condition holds, with its figure and its limit; "" when none
// does.
func (a Abort) judge(windows []window, inFlight int64) string {
	if a.InFlight > 0 && inFlight > int64(a.InFlight) {
		return fmt.Sprintf("%d requests in flight, more than %d", inFlight, a.InFlight)
	}
	for _, w := range windows {
		switch failed, slow := share(w.failed, w.due), share(w.slow, w.due); {
		case a.Errors > 0 && failed > a.Errors:
			return fmt.Sprintf("errors %s of %d requests %s, more than %s", percent(failed), w.due, w.when(), percent(a.Errors))
		case a.Response > 0 && slow > slowShare:
			return fmt.Sprintf("response time over %v of %s of %d requests %s, more than %s", a.Response, percent(slow), w.due, w.when(), percent(slowShare))
		}
	}
	return ""
}

func share(part, of int64) float64 {
	if of == 0 {
		return 0
	}
	return float64(part) / float64(of)
}

func percent(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }
