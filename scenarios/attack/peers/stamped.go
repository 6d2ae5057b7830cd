package main

import (
	"fmt"
	"net"
	"time"
)

// stampedListener gives connections that know when what was read from them arrived.
type stampedListener struct{ net.Listener }

// listen listens on a free port.
func listen() (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if err := stampConnections(l); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return stampedListener{l}, nil
}

// Accept implements net.Listener.
func (l stampedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newStampedConn(conn)
}

// stampedConn is a connection of which the kernel says when bytes arrived, where it
// does: that the server was late to read them is no fault of who sent them. It is
// read by one goroutine.
type stampedConn struct {
	net.Conn
	stamp time.Time // of the bytes read last; zero where the kernel said nothing
	kernel
}

// arrived is when the bytes read last arrived.
func (c *stampedConn) arrived() time.Time {
	if c.stamp.IsZero() {
		// Without the monotonic clock, so that it compares with the kernel's stamps.
		return time.Now().Round(0)
	}
	return c.stamp
}
