package attack

import (
	"container/heap"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"servebench/targets/timer"
)

// callers are those of a closed loop, and vegeta's Pacer for it. Each waits for
// its answer, thinks, and asks again; they are alike, so that it does not matter
// which of them does. They begin by thinking.
//
// Callers that do not think need no wait: whose answer is done is due again at
// that moment, and vegeta, which has one worker for each of them, sends when a
// worker is free. Those that think wait in a heap for the pacer.
type callers struct {
	flights *flights
	zero    time.Time
	think   func() time.Duration // nil: not at all; called from the pacer alone
	timer   *timer.Timer
	stopped *atomic.Bool
	begun   bool // the pacer has waited for zero

	mu       sync.Mutex
	thoughts []time.Duration // drawn ahead, one for each request on its way
	thinking dues
}

// start makes the first requests of n callers.
func (c *callers) start(n int) {
	for range n {
		if c.think == nil {
			c.flights.begin(0)
		} else {
			heap.Push(&c.thinking, c.think())
		}
	}
}

// done sets a caller free, whose request is over. It is safe for concurrent use.
func (c *callers) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Read under the lock, so that due times ascend.
	due := time.Since(c.zero)
	if c.think == nil {
		c.flights.begin(due)
		return
	}
	due += c.thoughts[len(c.thoughts)-1]
	c.thoughts = c.thoughts[:len(c.thoughts)-1]
	heap.Push(&c.thinking, due)
	if c.thinking[0] == due {
		c.timer.Hasten(c.zero.Add(due))
	}
}

// Pace waits until a caller that thinks asks; of those that do not, a worker of
// vegeta's is free when one does.
func (c *callers) Pace(time.Duration, uint64) (time.Duration, bool) {
	switch {
	case c.think != nil:
		c.await()
	case !c.begun:
		c.begun = true
		c.timer.Wait(c.zero)
	}
	return 0, c.stopped.Load()
}

// Rate is not defined for callers; vegeta's attack loop does not ask.
func (c *callers) Rate(time.Duration) float64 { return 0 }

// await waits for a caller to have thought, and begins its request.
func (c *callers) await() {
	// The worker that got the last tick shall stamp and send before this
	// goroutine goes on: it may be the only processor.
	runtime.Gosched()
	thought := c.think()
	for !c.stopped.Load() {
		due, ok := c.ready(thought)
		if ok {
			return
		}
		c.timer.Wait(c.zero.Add(due))
	}
}

// longest is how long the pacer waits at once for callers that all wait for their
// answers. It is hastened when one has it.
const longest = time.Hour

// ready begins the request of the first caller to have thought, which will think
// for thought when it is over. If none has, it returns when the first will have.
func (c *callers) ready(thought time.Duration) (next time.Duration, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Since(c.zero)
	if len(c.thinking) == 0 {
		return now + longest, false
	}
	if first := c.thinking[0]; first > now {
		return first, false
	}
	c.thoughts = append(c.thoughts, thought)
	c.flights.begin(heap.Pop(&c.thinking).(time.Duration))
	return 0, true
}

// dues is a heap of due times.
type dues []time.Duration

func (d dues) Len() int           { return len(d) }
func (d dues) Less(i, j int) bool { return d[i] < d[j] }
func (d dues) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *dues) Push(due any)      { *d = append(*d, due.(time.Duration)) }
func (d *dues) Pop() any {
	last := len(*d) - 1
	due := (*d)[last]
	*d = (*d)[:last]
	return due
}
