package attack

import (
	"fmt"
	"servebench/reports/record"
	"sync"
	"time"
)

const (
	// slowShare is the share of requests that may exceed AbortOn.P99.
	slowShare = 0.01
	// abortEvery is how often the conditions are looked at.
	abortEvery = 250 * time.Millisecond
)

// brokenCondition says which condition holds, with its figure and its limit; "" when none
// does.
func brokenCondition(a *record.AbortOn, windows []window, inFlight int64) string {
	if a.InFlight > 0 && inFlight > int64(a.InFlight) {
		return fmt.Sprintf("%d requests in flight, more than %d", inFlight, a.InFlight)
	}
	for _, w := range windows {
		switch failed, slow := fraction(w.failed, w.due), fraction(w.slow, w.due); {
		case a.Errors != nil && failed > *a.Errors:
			return fmt.Sprintf("errors %s of %d requests %s, more than %s", percent(failed), w.due, w.when(), percent(*a.Errors))
		case a.P99 > 0 && slow > slowShare:
			return fmt.Sprintf("response time over %v of %s of %d requests %s, more than %s", a.P99, percent(slow), w.due, w.when(), percent(slowShare))
		}
	}
	return ""
}

func fraction(part, of int64) float64 {
	if of == 0 {
		return 0
	}
	return float64(part) / float64(of)
}

func percent(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }

// watch counts requests by when they were due, for the conditions that end a
// load early. It looks at each stretch of AbortOn.For that is in its memory, and
// not at the last alone: that a request timed out is known only when the timeout
// is over, and counts where the request was due. Its methods are safe for
// concurrent use; of a nil watch they do nothing.
type watch struct {
	slow   time.Duration // a response time above it is slow; 0: none is
	length int64         // of a window, in buckets
	closed bool          // workers are never behind a schedule

	mu    sync.Mutex
	ring  []bucket
	loops []pending
}

// pending is a loop's latest request to begin.
type pending struct {
	due   time.Duration
	begun bool // there is one; in an open loop it is not in its bucket yet
}

// bucket counts the requests due in one stretch of abortEvery.
type bucket struct {
	index int64
	counts
	done int64
}

type counts struct{ due, failed, slow int64 }

type window struct {
	counts
	length time.Duration
	ago    time.Duration // how long before the last one it ended
}

// newWatch returns what AbortOn looks at, which remembers requests until they time
// out; nil without conditions.
func newWatch(cfg Config, loops int) *watch {
	if cfg.Abort == nil {
		return nil
	}
	slow := cfg.Abort.P99
	w := &watch{slow: slow, length: int64((cfg.Abort.For + abortEvery - 1) / abortEvery), closed: cfg.Concurrency > 0, loops: make([]pending, loops)}
	// Two more: the one not over yet, and the one that the timeout ends in.
	memory := w.length + int64(max(cfg.Timeout, slow)/abortEvery) + 2
	w.ring = make([]bucket, memory)
	for i := range w.ring {
		w.ring[i].index = -1
	}
	return w
}

// noteBegin notes that a request of a loop begins. That of a schedule counts when the
// next begins: until then it may be waiting for its time.
func (w *watch) noteBegin(loop int, due time.Duration) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	counts := w.loops[loop]
	w.loops[loop] = pending{due, true}
	if w.closed {
		counts = w.loops[loop]
	}
	if b := w.bucketOf(counts.due); counts.begun && b != nil {
		b.due++
	}
}

func (w *watch) noteEnd(due, response time.Duration, failed bool) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.bucketOf(due)
	if b == nil {
		return
	}
	b.done++
	if failed {
		b.failed++
	}
	if w.slow > 0 && response > w.slow {
		b.slow++
	}
}

// bucketOf returns the bucket of a due time; nil when it was forgotten.
func (w *watch) bucketOf(due time.Duration) *bucket {
	index := int64(due / abortEvery)
	b := &w.ring[index%int64(len(w.ring))]
	switch {
	case b.index > index:
		return nil
	case b.index < index:
		*b = bucket{index: index}
	}
	return b
}

// windows returns the full windows in memory, the last one first. A schedule that
// the sending is behind is looked at as far as it was sent.
func (w *watch) windows(now time.Duration) []window {
	w.mu.Lock()
	defer w.mu.Unlock()
	reached := now
	for _, latest := range w.loops {
		if !w.closed {
			reached = min(reached, latest.due)
		}
	}
	end := int64(reached / abortEvery) // of the first window; its bucket is not over yet
	first := max(0, end-int64(len(w.ring))+2)
	var windows []window
	for ago := time.Duration(0); end-w.length >= first; ago += abortEvery {
		sum := window{length: time.Duration(w.length) * abortEvery, ago: ago}
		for index := end - w.length; index < end; index++ {
			sum.add(w.countsAt(index, now))
		}
		windows = append(windows, sum)
		end--
	}
	return windows
}

// countsAt returns what is known at now of the requests due in a bucket. Those that are
// not answered yet, and older than what is slow, are slow.
func (w *watch) countsAt(index int64, now time.Duration) counts {
	b := w.ring[index%int64(len(w.ring))]
	if b.index != index {
		return counts{}
	}
	if over := time.Duration(index+1) * abortEvery; w.slow > 0 && over+w.slow < now {
		b.slow += b.due - b.done
	}
	return b.counts
}

func (c *counts) add(other counts) {
	c.due += other.due
	c.failed += other.failed
	c.slow += other.slow
}

func (w window) when() string {
	if w.ago == 0 {
		return fmt.Sprintf("due in the last %v", w.length)
	}
	return fmt.Sprintf("due in the %v that ended %v earlier", w.length, w.ago)
}
