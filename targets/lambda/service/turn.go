package service

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"servebench/reports/record"
	"servebench/targets"
)

// deliver hands a request to the environment, which is idle and no longer in the
// pool. It reports whether the environment was still alive.
func (e *environment) deliver(inv *invocation) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state == dead {
		return false
	}
	stop(e.reclaim)
	now, limit := time.Now(), e.service.config.Timeout
	inv.begin(now, limit)
	e.state, e.current = busy, inv
	e.served++
	e.timeout = time.AfterFunc(inv.deadline.Sub(now), func() { e.expire(inv) })
	if e.service.config.Reports {
		e.service.log.text(inv.start())
	}
	inv.opened = true
	if inv.tail {
		inv.log.write([]byte(inv.start()))
		e.output.tail.Store(&inv.log)
	}
	if e.frozen {
		e.frozen = false
		_ = e.group.Thaw() // a process that does not go on misses its deadline
	}
	e.pending = inv
	e.hand()
	return true
}

// hand gives the request to the process, once there are both. The caller holds
// the lock.
func (e *environment) hand() {
	if e.pending != nil && e.waiter != nil {
		e.waiter <- e.pending
		e.pending, e.waiter = nil, nil
	}
}

// expire ends the environment if it still works on the request.
func (e *environment) expire(inv *invocation) {
	e.mu.Lock()
	if e.current != inv {
		e.mu.Unlock()
		return
	}
	last := e.die()
	e.mu.Unlock()
	e.service.log.line("environment %d was ended: its request timed out after %s", e.number, e.service.config.Timeout)
	_ = e.bury(last, timedOut(e.service.config.Timeout)) // Close says so again
}

// turn is a process asking for work: what it worked on is done with. It waits
// for the next request; nil when the process went away. It fails when the
// process still owes an answer, or asked again meanwhile.
func (e *environment) turn(ctx context.Context) (*invocation, error) {
	e.mu.Lock()
	was, inv := e.state, e.current
	switch {
	case was == busy && e.pending == nil: // it has its work
		e.mu.Unlock()
		return nil, errTransition
	case was == starting:
		e.listening, e.state = time.Now(), idle
		e.took = e.measure(e.listening, true)
	case was == answered && inv != nil:
		stop(e.timeout)
		e.current = nil
	}
	if e.waiter != nil { // a client that asks again has given up its former request
		close(e.waiter)
	}
	waiter := make(chan *invocation, 1)
	e.waiter = waiter
	e.hand()
	e.mu.Unlock()
	switch {
	case was == starting:
		e.happened(record.EventRunning, e.placed.Add(e.took.placement))
		e.happened(record.EventReady, e.listening)
		e.boosted()
		close(e.ready)
	case was == answered && inv != nil:
		e.bill(inv, inv.failed, time.Now())
		e.rest()
	}
	select {
	case next, ok := <-waiter:
		if !ok {
			return nil, errTransition
		}
		return next, nil
	case <-ctx.Done():
	case <-e.gone:
	}
	e.leave(waiter)
	return nil, nil
}

// leave is a process that waits no longer. What it was given just now is for
// the next that asks.
func (e *environment) leave(waiter chan *invocation) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.waiter == waiter {
		e.waiter = nil
	}
	select {
	case inv := <-waiter:
		if inv != nil && e.current == inv {
			e.pending = inv
			e.hand()
		}
	default:
	}
}

// rest puts the environment back into the pool, and freezes it unless there is
// work for it at once.
func (e *environment) rest() {
	s := e.service
	if !e.pooled() {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state == idle && !e.frozen && s.anchor != nil {
		e.frozen = e.group.Freeze() == nil
	}
}

// pooled puts the environment into the pool, where it is idle, unless it ended
// meanwhile.
func (e *environment) pooled() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state == dead {
		return false
	}
	e.state = idle
	e.service.pool.put(e)
	served := e.served
	e.reclaim = time.AfterFunc(e.service.config.IdleTimeout, func() { e.retire(served) })
	return true
}

// retire ends an environment that was idle for too long, unless it has served
// more requests since. It counts as one in flight until its process is gone, so
// that there are never more than allowed.
func (e *environment) retire(served int) {
	e.mu.Lock()
	if e.served != served || !e.service.pool.hold(e) {
		e.mu.Unlock()
		return
	}
	last := e.die()
	e.mu.Unlock()
	e.service.decided(time.Now(), -1)
	_ = e.bury(last, failure{}) // works on nothing; Close says so again
	e.service.pool.release()
}

// boosted ends the initialisation, whose share of the CPUs nothing bounds and
// which yields to the rest: from now on the environment has the share that its
// memory size comes with.
func (e *environment) boosted() {
	s := e.service
	if e.group == nil {
		return
	}
	_ = e.group.Yield(false)
	err := e.group.LimitCPU(Share(s.config.Memory), cpuPeriod)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = err
}

// reply is the process's answer to a request. It fails when the process does
// not work on that request.
func (e *environment) reply(id string, a answer) error {
	inv, err := e.owes(id)
	if err != nil {
		return err
	}
	if !e.settle(inv, a.failed != nil, func() { inv.answer(a) }) {
		return errTransition
	}
	runtime.Gosched() // the caller's answer goes out before the process hears that it was taken
	return nil
}

// owes returns the request of that id if its answer is still to come.
func (e *environment) owes(id string) (*invocation, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.current == nil || e.current.id != id:
		return nil, errNoSuchRequest
	case e.state != busy:
		return nil, errTransition
	}
	return e.current, nil
}

// settle notes that the answer is complete, and completes it for its caller
// then: no end of the environment comes between the two. It reports whether the
// answer was still owed.
func (e *environment) settle(inv *invocation, failed bool, complete func()) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state != busy || e.current != inv {
		return false
	}
	e.state, inv.failed = answered, failed
	e.service.pool.settle()
	complete() // who sees it may ask for more, and finds the above
	return true
}

// bill closes a request that the environment is done with.
func (e *environment) bill(inv *invocation, failed bool, now time.Time) {
	if e.service.config.Reports || inv.tail {
		e.running.Flush()
		e.output.tail.Store(nil)
		inv.peak = cmp.Or(inv.peak, e.peak())
	}
	e.service.close(inv, failed, now)
}

// invocation is one request on its way through the function.
type invocation struct {
	id      string
	payload []byte
	trace   string // X-Ray's header
	client  string // the caller's context, JSON; "" for none
	tail    bool   // the caller wants the log's end
	streams bool   // the caller wants the answer as the function writes it

	took     startup   // of the environment that was started for it; zero: none was
	began    time.Time // when its billed time began; zero before
	deadline time.Time

	answers  chan answer   // gets one
	finished chan struct{} // closed when the function is done with it
	log      tail          // what the function wrote meanwhile
	opened   bool          // it was delivered, and the line that begins its log written
	report   string        // the lines that end its log, once finished
	peak     targets.Bytes // the most memory that its environment held so far; 0: not known
	ended    *failure      // why the service ended it; nil: it did not

	once   sync.Once // for answers
	failed bool      // its answer is an error; the environment's
}

func newInvocation(payload []byte) *invocation {
	return &invocation{id: newID(), payload: payload, trace: newTrace(), answers: make(chan answer, 1), finished: make(chan struct{})}
}

// begin starts the billed time, unless an initialisation within it did.
func (i *invocation) begin(now time.Time, timeout time.Duration) {
	if i.began.IsZero() {
		i.began, i.deadline = now, now.Add(timeout)
	}
}

// spent is the billed time until now.
func (i *invocation) spent(now time.Time) time.Duration {
	if i.began.IsZero() {
		return 0
	}
	return now.Sub(i.began)
}

// start begins the invocation's log.
func (i *invocation) start() string {
	return fmt.Sprintf("START RequestId: %s Version: %s\n", i.id, version)
}

// answer gives the caller its answer and reports whether it was the first one.
func (i *invocation) answer(a answer) (first bool) {
	i.once.Do(func() {
		first = true
		i.answers <- a
	})
	return first
}

// newID is a random UUID of version 4, as AWS's request ids are.
func newID() string {
	hi, lo := rand.Uint64()&^0xf000|0x4000, rand.Uint64()&^(3<<62)|1<<63
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xffff, lo>>48, lo&0xffffffffffff)
}

// newTrace is a tracing header of X-Ray that says not to trace.
func newTrace() string {
	var id [20]byte
	for i := range id {
		id[i] = byte(rand.Uint32())
	}
	return fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=0", uint32(time.Now().Unix()), hex.EncodeToString(id[:12]), hex.EncodeToString(id[12:]))
}
