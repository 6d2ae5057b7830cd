package service

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"servebench/targets/local"
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

// ports returns the TCP ports on which an environment listens that has not
// called its Runtime API yet: where there is one, it may be a plain web server,
// which will never do that.
func (e *environment) ports() []int {
	if e.called.Load() {
		return nil
	}
	pids, ok := e.processes()
	if !ok {
		return nil
	}
	return local.Ports(pids)
}

// hint says in the log what an environment lacks that listens instead of asking
// for work.
func (e *environment) hint() {
	if ports := e.ports(); len(ports) > 0 {
		e.service.log.line("environment %d %s", e.number, NoBootstrap(ports))
	}
}

// NoBootstrap says what a server on those ports lacks that has not asked the
// Runtime API for work.
func NoBootstrap(ports []int) string {
	if len(ports) == 0 {
		return "never asked the Lambda Runtime API for work; it has to be a Lambda bootstrap, as servebench's reference server is"
	}
	on := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(ports)), ", "), "[]")
	return "listens on port " + on + " like a plain web server and never asked the Lambda Runtime API (AWS_LAMBDA_RUNTIME_API) for work; start the AWS Lambda Web Adapter beside it, or use a Lambda runtime client in it"
}

// holds reports whether a process of the environment holds the other end of the
// connection; it is true as well where that is not known.
func (e *environment) holds(c net.Conn) bool {
	pids, ok := e.processes()
	theirs, err1 := netip.ParseAddrPort(c.RemoteAddr().String())
	ours, err2 := netip.ParseAddrPort(c.LocalAddr().String())
	if err1 != nil || err2 != nil || !ok || local.Holds(pids, theirs, ours) {
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
	return local.Descendants(pid), true
}
