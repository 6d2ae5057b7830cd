//go:build !linux

package transport

import (
	"net"
	"time"
)

// alive believes in connections that were idle for a short time only: servers
// wait longer than this for a request.
func alive(_ net.Conn, since time.Time) bool { return time.Since(since) < time.Second }

// acknowledged knows nothing on this system: a request is sent again only where
// nothing of it was sent before.
func acknowledged(net.Conn) int64 { return -1 }

// resends knows nothing on this system.
func resends(net.Conn) bool { return false }

// newDirect returns no shortcut: there is none for this system.
func newDirect(*conn) shortcut { return nil }
