package transport

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

// dialer opens connections, some of them ahead of their use.
type dialer struct {
	net.Dialer
	count atomic.Int64
	spare chan spareConn
}

// spareConn is a connection that was opened ahead.
type spareConn struct {
	net.Conn
	network, address string
	opened           time.Time
}

// dial opens a connection and counts it.
func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.Dialer.DialContext(ctx, network, address)
	if err == nil {
		d.count.Add(1)
	}
	return conn, err
}

// prepare opens a connection for a later DialContext.
func (d *dialer) prepare(ctx context.Context, address string) {
	conn, err := d.dial(ctx, "tcp", address)
	if err != nil {
		return
	}
	select {
	case d.spare <- spareConn{Conn: conn, network: "tcp", address: address, opened: time.Now()}:
	default:
		conn.Close()
	}
}

// DialContext returns a connection opened ahead, if one is left that the server
// has not closed meanwhile, and opens one otherwise.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	for {
		select {
		case s := <-d.spare:
			if s.network == network && s.address == address && s.alive() {
				return s.Conn, nil
			}
			s.Close()
		default:
			return d.dial(ctx, network, address)
		}
	}
}

// close ends the connections that nobody wanted.
func (d *dialer) close() {
	for {
		select {
		case s := <-d.spare:
			s.Close()
		default:
			return
		}
	}
}
