package service

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"servebench/targets"
)

// ledger counts what AWS would bill, and why. The zero value is ready.
type ledger struct {
	mu                                      sync.Mutex
	invocations, started, throttled, failed int
	placed, initialised, worked             time.Duration
	billed                                  time.Duration // whole milliseconds
	gigabyteSeconds                         float64
}

// cost is what one invocation took and what of it is billed.
type cost struct{ init, duration, billed time.Duration }

// price rounds as AWS does: the billed time is that of the initialisation and
// of the work together, up to the next whole millisecond.
func price(init, duration time.Duration) cost {
	const unit = time.Millisecond
	return cost{init, duration, (init + duration + unit - 1) / unit * unit}
}

// count adds an invocation, which took the start of its environment (zero: none)
// and the time from its event to the function's asking for the next one.
func (l *ledger) count(memory targets.Bytes, took startup, duration time.Duration, failed bool) cost {
	c := price(took.init, duration)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.invocations++
	if failed {
		l.failed++
	}
	l.placed += took.placement
	l.initialised += took.init
	l.worked += duration
	l.billed += c.billed
	l.gigabyteSeconds += float64(memory) / float64(targets.GiB) * c.billed.Seconds()
	return c
}

func (l *ledger) start() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.started++
}

// refuse counts a request that the service refused to its caller.
func (l *ledger) refuse(r *refusal) {
	if r.Status != http.StatusTooManyRequests {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.throttled++
}

// meters are the counts so far.
func (l *ledger) meters() []targets.Meter {
	l.mu.Lock()
	defer l.mu.Unlock()
	milliseconds := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return []targets.Meter{
		{Name: "invocations", Value: float64(l.invocations)},
		{Name: "throttled", Value: float64(l.throttled)},
		{Name: "function errors", Value: float64(l.failed)},
		{Name: "environments started", Value: float64(l.started)},
		{Name: "placement", Unit: "ms", Value: milliseconds(l.placed)},
		{Name: "init duration", Unit: "ms", Value: milliseconds(l.initialised)},
		{Name: "duration", Unit: "ms", Value: milliseconds(l.worked)},
		{Name: "billed duration", Unit: "ms", Value: milliseconds(l.billed)},
		{Name: "billed compute", Unit: "GB-s", Value: l.gigabyteSeconds},
	}
}

// report is the end of an invocation's log, as AWS writes it. There is a status
// where the service ended the invocation, and none where the function did, be it
// with an error.
func (s *Service) report(inv *invocation, c cost) string {
	milliseconds := func(d time.Duration) string {
		return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 2, 64)
	}
	text := fmt.Sprintf("END RequestId: %[1]s\nREPORT RequestId: %[1]s\tDuration: %[2]s ms\tBilled Duration: %[3]d ms\tMemory Size: %[4]d MB\t",
		inv.id, milliseconds(c.duration), c.billed.Milliseconds(), s.memoryMB())
	if peak := max(inv.peak, inv.took.peak); peak > 0 {
		text += fmt.Sprintf("Max Memory Used: %d MB\t", (peak+targets.MiB-1)/targets.MiB)
	}
	if c.init > 0 {
		text += "Init Duration: " + milliseconds(c.init) + " ms\t"
	}
	switch {
	case inv.ended == nil:
	case inv.ended.Type == timeoutType:
		text += "Status: timeout"
	default:
		text += "Status: error\tError Type: " + inv.ended.Type
	}
	return text + "\n"
}
