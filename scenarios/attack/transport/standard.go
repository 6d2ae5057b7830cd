package transport

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
)

// standard is net/http's transport over connections that were opened ahead.
type standard struct {
	transport *http.Transport
	spares    *spares
	version   Version
	retries   atomic.Int64
}

func newStandard(cfg Config, d *dialer) *standard {
	s := newSpares(d, cfg.Connections)
	return &standard{
		spares:  s,
		version: cfg.Version,
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

// RoundTrip implements http.RoundTripper.
func (t *standard) RoundTrip(r *http.Request) (*http.Response, error) {
	conns := int64(0)
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { conns++ }}
	response, err := t.transport.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	t.retries.Add(max(0, conns-1))
	return response, err
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
