//go:build !linux

package transport

import "time"

// alive believes in young connections only: servers wait longer than this for
// the first request.
func (s spareConn) alive() bool { return time.Since(s.opened) < time.Second }
