package clock

import (
	"container/heap"
	"fmt"
	"runtime"
	"sync"
	"time"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/timer"
)

// Name is the model's name.
const Name = "clock"

// Clock serves rows at the times that its configuration says. Close it when
// nobody is served any more.
type Clock struct {
	start time.Time
	timer *timer.Timer
	ended chan struct{} // closed when nothing releases rows any more

	mu      sync.Mutex
	station *station
	waiting waiting
	arrived uint64
	closed  bool
}

// New makes a clock, which starts now. Its error names every mistake in the
// configuration, or says that there is no timer to be had.
func New(c Config) (*Clock, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	precise, err := timer.New()
	if err != nil {
		return nil, fmt.Errorf("make clock: %w", err)
	}
	k := &Clock{start: time.Now(), timer: precise, ended: make(chan struct{}), station: newStation(c)}
	go k.run()
	return k, nil
}

// Serve returns when a row that arrives now is served; at once after Close. It is
// safe for concurrent use.
func (k *Clock) Serve() {
	if r := k.arrive(); r != nil {
		<-r.served
	}
}

// arrive takes a row in; nil when the clock is closed.
func (k *Clock) arrive() *row {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return nil
	}
	k.arrived++
	r := &row{done: k.station.arrive(time.Since(k.start)), order: k.arrived, served: make(chan struct{})}
	heap.Push(&k.waiting, r)
	if k.waiting[0] == r {
		k.timer.Hasten(k.start.Add(r.done))
	}
	return r
}

// idle is how long nobody looks whether a row is to be released, where none
// waits.
const idle = time.Hour

// run releases rows at their times until the clock is closed. After each it gives
// way to that row, so that those held up together, by a stall say, are answered in
// the order they came in, and not in that of the scheduler's queues.
func (k *Clock) run() {
	defer close(k.ended)
	for {
		r, until, closed := k.next()
		switch {
		case r != nil:
			close(r.served)
			runtime.Gosched()
		case closed:
			return
		default:
			k.timer.Wait(until)
		}
	}
}

// next takes the row out whose time has come, any when the clock is closed; nil
// where there is none. until is when to look again.
func (k *Clock) next() (r *row, until time.Time, closed bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Since(k.start)
	if len(k.waiting) == 0 {
		return nil, k.start.Add(now + idle), k.closed
	}
	if first := k.waiting[0]; first.done > now && !k.closed {
		return nil, k.start.Add(first.done), false
	}
	return heap.Pop(&k.waiting).(*row), time.Time{}, k.closed
}

// Close lets all go that wait, and frees what the clock holds.
func (k *Clock) Close() error {
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
	k.timer.Interrupt()
	<-k.ended
	return k.timer.Close()
}

// Model is the clock as a model of the reference server: each row of a request is
// served after the one before it.
func (k *Clock) Model() protocol.Model {
	m := Description()
	m.Predict = protocol.Binary(func([]float32) float32 {
		k.Serve()
		return 0
	})
	return m
}

// Description is what the model is called, without a clock behind it: it cannot
// predict.
func Description() protocol.Model {
	return protocol.Model{
		Name:    Name,
		Doc:     "Answers 0 after a service time of a known distribution, with known queues and stalls.",
		Version: "1",
		Schema:  generators.Schema{Classes: []string{"0", "1"}},
	}
}
