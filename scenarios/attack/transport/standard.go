package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
)

// standard is net/http's transport over connections that were opened ahead.
type standard struct {
	transport *http.Transport
	spares    *spares
	version   Version
	twice     bool // as of Options.RetryNonIdempotent
	retries   atomic.Int64
}

func newStandard(cfg Config, d *dialer) *standard {
	s := newSpares(d, cfg.Connections)
	return &standard{
		spares:  s,
		version: cfg.Version,
		twice:   cfg.RetryNonIdempotent,
		transport: &http.Transport{
			DialContext:           s.dial,
			DialTLSContext:        s.dial,
			MaxIdleConnsPerHost:   cfg.Connections,
			MaxConnsPerHost:       cfg.Connections,
			ResponseHeaderTimeout: cfg.FirstByteTimeout,
			// Without a bound of its own, net/http reads ten times as much.
			MaxResponseHeaderBytes: maxHead,
			// Answers are counted and compared as the server sent them.
			DisableCompression: true,
			Protocols:          cfg.Version.protocols(d.tls != nil),
		},
	}
}

// protocols names the version for net/http.
func (v Version) protocols(secure bool) *http.Protocols {
	p := &http.Protocols{}
	p.SetHTTP1(v == HTTP1)
	p.SetHTTP2(v == HTTP2 && secure)
	p.SetUnencryptedHTTP2(v == HTTP2 && !secure)
	return p
}

// maxGoAways is how often a request is sent again that a server did not look at when
// it closed a connection of HTTP/2.
const maxGoAways = 6

// RoundTrip implements http.RoundTripper. It repeats a request as client.send does,
// and keeps net/http from repeating it by a rule of its own, which hides requests
// that the server dropped.
func (t *standard) RoundTrip(r *http.Request) (*http.Response, error) {
	if header := withAgent(r.Header); len(header) != len(r.Header) {
		r = r.WithContext(r.Context())
		r.Header = header
	}
	for tries := 0; ; tries++ {
		a := &attempt{http2: t.version == HTTP2, harmless: t.twice || isIdempotent(r.Method)}
		response, err := a.send(t.transport, r)
		t.retries.Add(a.repeats)
		if err == nil || r.Context().Err() != nil || !a.mayRepeat(err) || a.http2 && tries == maxGoAways {
			return response, err
		}
		again, ok := rewound(r)
		if !ok {
			return nil, err
		}
		t.retries.Add(1)
		r = again
	}
}

// rewound returns a request to be sent once more, if its body can be had again.
func rewound(r *http.Request) (*http.Request, bool) {
	if r.Body == nil || r.Body == http.NoBody {
		return r, true
	}
	if r.GetBody == nil {
		return nil, false
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, false
	}
	again := r.WithContext(r.Context())
	again.Body = body
	return again, true
}

// attempt is a request's way through net/http.
type attempt struct {
	http2    bool
	harmless bool // to send it twice
	end      context.CancelCauseFunc
	conn     net.Conn    // that it was written to last
	sent     atomic.Bool // its head was sent there
	refused  bool        // the server refused it there, over HTTP/2
	repeats  int64       // by net/http

	// Over HTTP/1.1 alone:
	link   *link
	before int64 // bytes that the link had written before it
	idle   bool  // the connection had been idle
	heard  atomic.Bool
}

// errStreamRefused is a request that the server refused over HTTP/2.
var errStreamRefused = errors.New("stream error: refused; REFUSED_STREAM or PROTOCOL_ERROR")

// send sends the request. Its context ends with the connection if that ends before
// the answer has begun, and net/http sends nothing again then.
func (a *attempt) send(by *http.Transport, r *http.Request) (*http.Response, error) {
	ctx, end := context.WithCancelCause(r.Context())
	a.end = end
	r = r.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:              a.take,
		WroteHeaders:         func() { a.sent.Store(true) },
		GotFirstResponseByte: a.hear,
	}))
	if a.http2 {
		r.GetBody = nil // with which net/http would repeat it
	}
	response, err := by.RoundTrip(r)
	if err != nil {
		end(nil)
		if a.refused || strings.Contains(err.Error(), "cannot retry err [stream error") {
			err = errStreamRefused
		}
		return nil, err
	}
	response.Body = &endingBody{response.Body, end}
	return response, nil
}

// take takes note of the connection that net/http is about to send on.
func (a *attempt) take(info httptrace.GotConnInfo) {
	if a.conn != nil {
		// net/http sends it again: over HTTP/2 what the server refused or called
		// malformed, though it may have worked on it, as well as what it had not looked
		// at when it closed the connection (GOAWAY). The two look the same from here for
		// a request without a body, and what the server may have dropped has failed.
		if a.refused = a.http2 && a.sent.Load(); a.refused {
			a.end(errStreamRefused)
		} else {
			a.repeats++
		}
	}
	a.conn = info.Conn
	a.sent.Store(false)
	if a.http2 {
		return // other requests are on it as well
	}
	a.link = linkOf(info.Conn)
	a.before, a.idle = a.link.written.Load(), info.Reused || a.link.ahead
	a.link.waiting.Store(&a.end)
	a.link.tell()
}

// hear takes note that the answer has begun.
func (a *attempt) hear() {
	a.heard.Store(true)
	if a.link != nil {
		a.link.waiting.Store(nil)
	}
}

// mayRepeat is as conn.mayRepeat. Over HTTP/2 the server itself says which requests
// it has not looked at.
func (a *attempt) mayRepeat(err error) bool {
	if a.http2 {
		return strings.Contains(err.Error(), "graceful shutdown GOAWAY")
	}
	return a.link != nil && a.idle && !a.heard.Load() && a.link.mayRepeat(a.before, a.harmless)
}

// endingBody is a body whose request's context ends with it.
type endingBody struct {
	io.ReadCloser
	end context.CancelCauseFunc
}

// Close implements io.Closer.
func (b *endingBody) Close() error {
	err := b.ReadCloser.Close()
	b.end(nil)
	return err
}

// Send implements Transport.
func (t *standard) Send(ctx context.Context, m *Message) (*http.Response, error) {
	return t.RoundTrip(m.requestFor(ctx))
}

// Warm implements Transport. One connection carries all requests of HTTP/2.
func (t *standard) Warm(ctx context.Context, n int) {
	if t.version == HTTP2 {
		n = min(n, 1)
	}
	t.spares.open(ctx, n)
}

// Stats implements Transport.
func (t *standard) Stats() Stats {
	return Stats{Dials: t.spares.dialer.count.Load(), Retries: t.retries.Load()}
}

// Close implements Transport.
func (t *standard) Close() {
	t.transport.CloseIdleConnections()
	t.spares.close()
}
