// Package transport carries the requests of a load to the server and brings back what
// became of them. It stands below the engine in package attack, which knows of a
// request on the wire nothing but its Outcome, whatever the protocol.
//
// HTTP/1.1 goes through a client written for load: a request is laid out once
// (Message), sent in one write, its answer parsed in place, its header found among
// those that came before; no goroutine, timer or context is made for a request.
// net/http carries HTTP/2, and is what the tests hold that client to.
package transport

import (
	"context"
	"net/http"
	"time"

	"servebench/targets"
)

// Sender sends requests to one server.
type Sender interface {
	// Send sends a message, reads the answer to its end, and puts into o, which was
	// Reset, what it was. It gives the request up as soon as ctx ends. The error says
	// why there is no whole answer; what came of it is in o all the same. Send is safe
	// for concurrent use, and does not keep o.
	Send(ctx context.Context, m *Message, o *Outcome) error
	// Warm opens connections ahead of their use, up to n of them or until ctx
	// ends. Failing is no error: the load will show it.
	Warm(ctx context.Context, n int)
	// Stats returns what was counted so far.
	Stats() Stats
	// Close ends every idle connection. No request may be in flight.
	Close()
}

// Stats counts what became of connections.
type Stats struct {
	Dials   int64 // connections opened, those of Warm included
	Resent  int64 // those of them whose first packet was lost and sent again, where the system tells
	Retries int64 // requests sent again because the server had closed an idle connection before they reached it
}

// Config says how to reach the server.
type Config struct {
	// Endpoint's URL names the server; only its scheme and host are looked at. Its
	// Transport, when there is one, is used as it is. Requests go to its Addresses in turn,
	// if it has some.
	Endpoint targets.Endpoint
	// Connections is how many may be open to an address at once, at least 1.
	Connections int
	Options
}

// Options say how requests are carried; the zero value is HTTP/1.1 by this
// package's own client.
type Options struct {
	Version Version
	// Standard makes net/http's client carry HTTP/1.1 as well, to compare with.
	Standard bool
	// ConnectTimeout bounds the opening of a connection, TLS included; 0: the
	// request's context alone does.
	ConnectTimeout time.Duration
	// FirstByteTimeout bounds the time from the request's being sent to the first
	// byte of the answer; 0: the request's context alone does.
	FirstByteTimeout time.Duration
	// RetryNonIdempotent lets requests of every method be sent again when the server
	// closed an idle connection before it knew of them, and not only those that mean
	// the same when they are sent twice (RFC 9110, 9.2.2).
	RetryNonIdempotent bool
	// ConnectionLifetime is how long after it was opened a connection may carry another
	// request; a request on its way is not disturbed. The lifetimes of connections are up to
	// a fifth shorter, each another, so that those that were opened together do not end
	// together. 0: for ever.
	ConnectionLifetime time.Duration
	// NoKeepAlive says that each request opens a connection, which ends with it: its
	// messages are laid out with Close then. It is for HTTP/1.1.
	NoKeepAlive bool
}

// Version is a version of HTTP.
type Version string

// The versions. HTTP2 is negotiated over TLS, and spoken from the first byte (h2c)
// where the server's URL is an http one.
const (
	HTTP1 Version = "" // 1.1
	HTTP2 Version = "2"
)

// New returns the sender for a server.
func New(cfg Config) (Sender, error) {
	if cfg.Endpoint.Transport != nil {
		return foreign{cfg.Endpoint.Transport}, nil
	}
	d, err := newDialer(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.Standard || cfg.Version == HTTP2 {
		return newStandard(cfg, d), nil
	}
	return newClient(cfg, d), nil
}

// foreign is a transport that a target brought along. What it opens is not
// known.
type foreign struct{ http.RoundTripper }

// Send implements Sender.
func (t foreign) Send(ctx context.Context, m *Message, o *Outcome) error {
	return receiveFrom(t.RoundTripper, m.netHTTPRequest(ctx), o)
}

// receiveFrom sends a request by way of net/http's interface.
func receiveFrom(t http.RoundTripper, r *http.Request, o *Outcome) error {
	response, err := t.RoundTrip(r)
	if err != nil {
		return err
	}
	err = o.receive(response.StatusCode, response.Status, response.Header, response.Body)
	response.Body.Close() // of a body that was read, or that failed already
	o.Trailer = response.Trailer
	return err
}

func (foreign) Warm(context.Context, int) {}
func (foreign) Stats() Stats              { return Stats{} }
func (foreign) Close()                    {}
