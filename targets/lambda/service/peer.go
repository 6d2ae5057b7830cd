package service

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"servebench/targets/process"
)

// peerKey is the context's key for what tells whether a connection to a Runtime
// API is of the environment.
type peerKey struct{}

// withPeer implements http.Server's ConnContext. Anybody on this machine can
// reach the Runtime API's port; its environment alone is served there. That is
// found out when the connection's first request is there, once.
func (e *environment) withPeer(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, peerKey{}, sync.OnceValue(func() bool { return e.holds(c) }))
}

// isOwn reports whether a request to the Runtime API comes from the environment.
func isOwn(r *http.Request) bool {
	own, ok := r.Context().Value(peerKey{}).(func() bool)
	return ok && own()
}

// holds reports whether a process of the environment holds the other end of the
// connection; it is true as well where that is not known.
func (e *environment) holds(c net.Conn) bool {
	pids, ok := e.processes()
	theirs, err1 := netip.ParseAddrPort(c.RemoteAddr().String())
	ours, err2 := netip.ParseAddrPort(c.LocalAddr().String())
	if err1 != nil || err2 != nil || !ok || process.Holds(pids, theirs, ours) {
		return true
	}
	e.service.log.line("environment %d: refused %s, which is no process of it, its Runtime API", e.number, theirs)
	return false
}

// processes returns those of the environment; ok is false when they are not
// known.
func (e *environment) processes() (pids []int, ok bool) {
	if e.group != nil {
		pids, err := e.group.Processes()
		return pids, err == nil
	}
	pid, _, ok := e.running.Server()
	if !ok {
		return nil, false
	}
	return process.Descendants(pid), true
}
