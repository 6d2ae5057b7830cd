package attack

import (
	"container/heap"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"servebench/targets/timer"
)

// lead is the time between the start of the engine and the due time's zero, in
// which workers and runtime settle.
const lead = 20 * time.Millisecond

// pacer is vegeta's Pacer over our schedule. vegeta asks it once per request, in
// order, from one goroutine; it answers when the request is due. It waits itself
// instead of returning the wait, because vegeta's time.Sleep is up to a
// millisecond late, and never returns early.
type pacer struct {
	next      func() (due time.Duration, ok bool)
	flights   *flights
	zero      time.Time
	wait      func(until time.Time)
	stopped   *atomic.Bool
	exhausted chan struct{} // receives when every arrival was handed out
}

// Pace waits for the next arrival. Nothing late is dropped: an arrival in the
// past is handed out at once.
func (p *pacer) Pace(time.Duration, uint64) (time.Duration, bool) {
	if p.stopped.Load() {
		return 0, true
	}
	due, ok := p.next()
	if !ok {
		p.exhausted <- struct{}{}
		return 0, true
	}
	p.flights.begin(due)
	// The worker that got the last tick shall stamp and send before this
	// goroutine goes on: it may be the only processor.
	runtime.Gosched()
	p.wait(p.zero.Add(due))
	return 0, p.stopped.Load()
}

// Rate is not defined for a schedule; vegeta's attack loop does not ask.
func (p *pacer) Rate(time.Duration) float64 { return 0 }

// workers are those of a closed loop, and vegeta's Pacer for it. Each waits for
// its answer, thinks, and asks again; they are alike, so that it does not matter
// which of them does. They begin by thinking.
//
// Workers that do not think need no wait: whose answer is done is due again at
// that moment, and vegeta, which has a goroutine for each of them, sends when
// one is free. Those that think wait in a heap for the pacer.
type workers struct {
	flights *flights
	zero    time.Time
	think   func() time.Duration // nil: not at all; called from the pacer alone
	timer   *timer.Timer
	stopped *atomic.Bool
	begun   bool // the pacer has waited for zero

	mu       sync.Mutex
	thoughts []time.Duration // drawn ahead, one for each request on its way
	thinking dueHeap
}

func (w *workers) beginFirst(n int) {
	for range n {
		if w.think == nil {
			w.flights.begin(0)
		} else {
			heap.Push(&w.thinking, w.think())
		}
	}
}

// setFree sets a worker free, whose request is over. It is safe for concurrent use.
func (w *workers) setFree() {
	w.mu.Lock()
	defer w.mu.Unlock()
	// Read under the lock, so that due times ascend.
	due := time.Since(w.zero)
	if w.think == nil {
		w.flights.begin(due)
		return
	}
	due += w.thoughts[len(w.thoughts)-1]
	w.thoughts = w.thoughts[:len(w.thoughts)-1]
	heap.Push(&w.thinking, due)
	if w.thinking[0] == due {
		w.timer.Hasten(w.zero.Add(due))
	}
}

// Pace waits until a worker that thinks asks; of those that do not, a goroutine of
// vegeta's is free when one does.
func (w *workers) Pace(time.Duration, uint64) (time.Duration, bool) {
	switch {
	case w.think != nil:
		w.awaitThought()
	case !w.begun:
		w.begun = true
		w.timer.Wait(w.zero)
	}
	return 0, w.stopped.Load()
}

// Rate is not defined for workers; vegeta's attack loop does not ask.
func (w *workers) Rate(time.Duration) float64 { return 0 }

// awaitThought waits for a worker to have thought, and begins its request.
func (w *workers) awaitThought() {
	// The worker that got the last tick shall stamp and send before this
	// goroutine goes on: it may be the only processor.
	runtime.Gosched()
	thought := w.think()
	for !w.stopped.Load() {
		due, ok := w.beginReady(thought)
		if ok {
			return
		}
		w.timer.Wait(w.zero.Add(due))
	}
}

// longestWait is how long the pacer waits at once for workers that all wait for their
// answers. It is hastened when one has it.
const longestWait = time.Hour

// beginReady begins the request of the first worker to have thought, which will think
// for thought when it is over. If none has, it returns when the first will have.
func (w *workers) beginReady(thought time.Duration) (next time.Duration, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Since(w.zero)
	if len(w.thinking) == 0 {
		return now + longestWait, false
	}
	if first := w.thinking[0]; first > now {
		return first, false
	}
	w.thoughts = append(w.thoughts, thought)
	w.flights.begin(heap.Pop(&w.thinking).(time.Duration))
	return 0, true
}

type dueHeap []time.Duration

func (d dueHeap) Len() int           { return len(d) }
func (d dueHeap) Less(i, j int) bool { return d[i] < d[j] }
func (d dueHeap) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *dueHeap) Push(due any)      { *d = append(*d, due.(time.Duration)) }
func (d *dueHeap) Pop() any {
	last := len(*d) - 1
	due := (*d)[last]
	*d = (*d)[:last]
	return due
}

// Punctuality waits for points in time as the engine waits for requests to be
// due, one after another and gap apart, and returns how late it was each time,
// ascending. What it finds is the least lag that a load can have here. It ends
// with ctx, with the waits made until then.
func Punctuality(ctx context.Context, waits int, gap time.Duration) ([]time.Duration, error) {
	w, err := timer.New()
	if err != nil {
		return nil, fmt.Errorf("measure punctuality: %w", err)
	}
	defer w.Close()
	defer context.AfterFunc(ctx, w.Interrupt)()
	late := make([]time.Duration, 0, waits)
	for range waits {
		until := time.Now().Add(gap)
		w.Wait(until)
		if ctx.Err() != nil {
			break
		}
		late = append(late, time.Since(until))
	}
	slices.Sort(late)
	return late, nil
}
