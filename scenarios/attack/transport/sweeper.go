package transport

import (
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

// add makes the sweeper look at a connection.
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

// expects says from when on the answer is awaited.
func (s *sweeper) expects(c *conn) {
	if s.timeout > 0 {
		c.sentAt.Store(s.now())
	}
}

// sends says that a request is on its way for which to wait makes no sense yet.
func (s *sweeper) sends(c *conn) {
	if s.timeout > 0 {
		c.sentAt.Store(sending)
	}
}

// sent says that it is out, unless it was answered early.
func (s *sweeper) sent(c *conn) {
	if s.timeout > 0 {
		c.sentAt.CompareAndSwap(sending, s.now())
	}
}

// answered says that the answer has begun. It fails when that was too late.
func (s *sweeper) answered(c *conn) error {
	if s.timeout > 0 && c.sentAt.Swap(nothing) == expired {
		return errFirstByte
	}
	return nil
}

func (s *sweeper) now() int64 { return int64(time.Since(s.zero)) }
