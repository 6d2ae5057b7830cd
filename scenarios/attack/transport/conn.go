package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"
)

const (
	// bufferSize is what a connection's buffer begins with, in bytes.
	bufferSize = 4 << 10
	// maxKept is the largest buffer that an idle connection keeps, in bytes.
	maxKept = 64 << 10
)

// conn is one connection. One request at a time is on it, in the hands of one
// goroutine; only abort and expire are called from others.
type conn struct {
	net.Conn
	link   *link // its socket
	client *client
	pool   *pool
	direct shortcut // nil: none

	buf  []byte
	r, w int        // buf[r:w] was read from the connection and not used
	head *head      // of the latest answer
	body answerBody // its body, while that is read

	idleSince time.Time
	used      bool  // a request was answered on it
	heard     bool  // a byte of the answer has come
	before    int64 // what the link had written before the request

	group *group // nil: no context ends what is in flight
	place int    // among the group's members

	// sentAt is when the request was sent, in nanoseconds of the sweeper's clock, as
	// long as its answer has not begun, or one of the sweeper's constants.
	sentAt atomic.Int64
	upload *upload // nil: the request was sent in one piece
}

// shortcut is a cheaper way to send a whole request and wait for the answer.
type shortcut interface {
	// exchange sends the request and reads what comes first of the answer into the
	// connection's buffer; when it returns nil without anything there, reading on
	// tells more.
	exchange(ctx context.Context, wire []byte) error
	// nudge is called by the sweeper now and then, and makes an exchange that has
	// waited since the last time return.
	nudge()
}

// abort ends what is in flight, by a deadline long past. The connection is of no
// use afterwards.
func (c *conn) abort() { c.Conn.SetDeadline(time.Unix(1, 0)) }

// mayRepeat reports whether the request that failed on the connection may go over
// another one.
func (c *conn) mayRepeat(harmless bool) bool {
	idle := c.used || c.link.ahead
	return idle && !c.heard && c.link.mayRepeat(c.before, harmless)
}

func (c *conn) buffered() []byte { return c.buf[c.r:c.w] }

// fill reads more into the buffer, which grows when it is full.
func (c *conn) fill() error {
	c.makeRoom()
	n, err := c.Conn.Read(c.buf[c.w:])
	return c.noteFilled(n, err)
}

// noteFilled takes note of n more bytes in the buffer.
func (c *conn) noteFilled(n int, err error) error {
	c.w += n
	if n > 0 {
		return c.noteAnswer()
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

func (c *conn) makeRoom() {
	switch {
	case c.r == c.w:
		c.r, c.w = 0, 0
		if c.buf == nil {
			c.buf = make([]byte, bufferSize)
		}
	case c.w < len(c.buf):
	case c.r > 0:
		c.w = copy(c.buf, c.buffered())
		c.r = 0
	default:
		grown := make([]byte, 2*len(c.buf))
		copy(grown, c.buf)
		c.buf = grown
	}
}

// noteAnswer takes note that the answer has begun. It fails when that was too late.
func (c *conn) noteAnswer() error {
	if c.heard {
		return nil
	}
	c.heard = true
	return c.client.sweeper.noteAnswer(c)
}

// finish ends an exchange that was answered. The connection is kept when it can
// carry another request.
func (c *conn) finish(keep bool) {
	alone := c.client.watches.leave(c)
	keep = keep && alone && c.r == c.w
	if u := c.upload; u != nil {
		c.upload = nil
		go u.settle(keep)
		return
	}
	c.release(keep)
}

// release gives the connection back, or closes it.
func (c *conn) release(keep bool) {
	if !keep {
		c.close()
		return
	}
	c.used = true
	if len(c.buf) > maxKept {
		c.buf, c.r, c.w = nil, 0, 0
	}
	c.idleSince = time.Now()
	if c.link.isOver(c.idleSince) {
		c.close()
		return
	}
	c.pool.put(c)
}

// discard closes the connection after a failure, and returns the failure: the end
// of the request's context when that is the reason. Its place in the pool is left
// to the caller.
func (c *conn) discard(ctx context.Context, doing string, err error) error {
	late := c.sentAt.Load() == expired || errors.Is(err, errFirstByte)
	c.client.watches.leave(c)
	c.hangUp()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case late:
		return errFirstByte
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func (c *conn) hangUp() {
	c.Conn.Close()
	c.client.sweeper.remove(c)
}

// close ends the connection and gives up its place in the pool.
func (c *conn) close() {
	c.hangUp()
	c.pool.drop()
}
