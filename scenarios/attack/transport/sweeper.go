package transport

import (
	"context"
	"os"
	"sync"
	"time"
)

// sweeper gives up requests whose answers do not begin in time, and nudges those
// that wait long. One timer looks at all connections, at least 20 times within the
// timeout, so a request is given up at most 5 % late.
type sweeper struct {
	timeout time.Duration // 0: none
	zero    time.Time     // of its clock

	mu      sync.Mutex
	conns   map[*conn]struct{}
	running bool
}

// What conn.sentAt says beside a time.
const (
	nothing = -iota // is awaited
	expired         // the answer did not begin in time
	sending         // the request is still being sent
)

func newSweeper(timeout time.Duration) *sweeper {
	// Its clock never says 0, which stands for nothing awaited.
	return &sweeper{timeout: timeout, zero: time.Now().Add(-time.Second), conns: make(map[*conn]struct{})}
}

func (s *sweeper) add(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
	if !s.running {
		s.running = true
		s.rearm()
	}
}

func (s *sweeper) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// calm takes back what a nudge did to the connection, which can be read on then. An
// end of the request's context that came before is taken back with it: whoever calls
// has to look.
func (s *sweeper) calm(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.sentAt.Load() != expired {
		c.SetReadDeadline(time.Time{})
	}
}

// glance is how often the connections are looked at, unless the timeout asks for
// more.
const glance = 10 * time.Millisecond

func (s *sweeper) rearm() {
	period := glance
	if s.timeout > 0 {
		period = min(glance, max(s.timeout/20, time.Millisecond))
	}
	time.AfterFunc(period, s.sweep)
}

// sweep looks at every connection, and ends with the last one.
func (s *sweeper) sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running = len(s.conns) > 0; !s.running {
		return
	}
	s.rearm()
	latest := s.now() - int64(s.timeout)
	for c := range s.conns {
		sent := c.sentAt.Load()
		switch {
		case sent > 0 && sent < latest && c.sentAt.CompareAndSwap(sent, expired):
			c.abort()
		case c.direct != nil:
			c.direct.nudge()
		}
	}
}

// noteAwaited says from when on the answer is awaited.
func (s *sweeper) noteAwaited(c *conn) {
	if s.timeout > 0 {
		c.sentAt.Store(s.now())
	}
}

// noteSending says that a request is on its way for which to wait makes no sense yet.
func (s *sweeper) noteSending(c *conn) {
	if s.timeout > 0 {
		c.sentAt.Store(sending)
	}
}

// noteSent says that it is out, unless it was answered early.
func (s *sweeper) noteSent(c *conn) {
	if s.timeout > 0 {
		c.sentAt.CompareAndSwap(sending, s.now())
	}
}

// noteAnswer says that the answer has begun. It fails when that was too late.
func (s *sweeper) noteAnswer(c *conn) error {
	if s.timeout > 0 && c.sentAt.Swap(nothing) == expired {
		return errFirstByte
	}
	return nil
}

func (s *sweeper) now() int64 { return int64(time.Since(s.zero)) }

// watches ends connections when the contexts of their requests end. Requests may
// share a context, by the hundred: each context is watched once, by one group.
type watches struct {
	mu      sync.Mutex
	current *group // the group that was asked for last; kept when it is empty
	groups  map[<-chan struct{}]*group
}

// group is the connections whose requests share a context, by its Done channel.
type group struct {
	watches *watches
	done    <-chan struct{}
	stop    func() bool // ends the watching
	ended   bool
	members []*conn
}

// join makes the connection's end follow from the context's. It reports false
// when the context has ended already.
func (ws *watches) join(ctx context.Context, c *conn) bool {
	done := ctx.Done()
	if done == nil {
		return true
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	g := ws.current
	if g == nil || g.done != done {
		g = ws.switchGroup(ctx, done)
	}
	if g.ended {
		return false
	}
	c.group, c.place = g, len(g.members)
	g.members = append(g.members, c)
	return true
}

func (ws *watches) switchGroup(ctx context.Context, done <-chan struct{}) *group {
	if old := ws.current; old != nil && len(old.members) == 0 {
		ws.forget(old)
	}
	g, ok := ws.groups[done]
	if !ok {
		g = &group{watches: ws, done: done}
		if ws.groups == nil {
			ws.groups = make(map[<-chan struct{}]*group)
		}
		ws.groups[done] = g
		g.stop = context.AfterFunc(ctx, g.abortAll)
	}
	ws.current = g
	return g
}

func (ws *watches) forget(g *group) {
	g.stop()
	delete(ws.groups, g.done)
}

func (g *group) abortAll() {
	g.watches.mu.Lock()
	defer g.watches.mu.Unlock()
	g.ended = true
	for _, c := range g.members {
		c.abort()
	}
}

// leave ends what join began. It reports false when the connection was aborted
// meanwhile.
func (ws *watches) leave(c *conn) bool {
	g := c.group
	if g == nil {
		return true
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	last := len(g.members) - 1
	moved := g.members[last]
	g.members[c.place], moved.place = moved, c.place
	g.members[last], c.group = nil, nil
	g.members = g.members[:last]
	if last == 0 && g != ws.current {
		ws.forget(g)
	}
	return !g.ended
}

// close stops watching. No request may be in flight.
func (ws *watches) close() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for _, g := range ws.groups {
		ws.forget(g)
	}
	ws.current = nil
}

// errFirstByte ends a request whose answer did not begin in time.
var errFirstByte error = timeoutError("no byte of the answer within the first-byte timeout")

type timeoutError string

func (e timeoutError) Error() string   { return string(e) }
func (e timeoutError) Timeout() bool   { return true }
func (e timeoutError) Temporary() bool { return true }

// Is makes it os.ErrDeadlineExceeded.
func (e timeoutError) Is(target error) bool { return target == os.ErrDeadlineExceeded }

type malformedError struct{ error }

func (e malformedError) Error() string { return "malformed answer: " + e.error.Error() }
func (e malformedError) Unwrap() error { return e.error }
