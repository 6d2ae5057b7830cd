package attack

import "time"

// waiter waits for points in time as punctually as the system can without
// keeping a processor busy. wait is for one goroutine; interrupt is safe for
// concurrent use.
type waiter interface {
	// wait returns at or after until, or at once when it was interrupted.
	wait(until time.Time)
	// interrupt ends the running wait and all later ones.
	interrupt()
	close() error
}
