package transport

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
)

// standard is net/http's transport over connections that were opened ahead.
type standard struct {
	transport *http.Transport
	dialer    *dialer
	address   string
	retries   atomic.Int64
}

func newStandard(cfg Config, address string) *standard {
	d := &dialer{Dialer: net.Dialer{Timeout: cfg.ConnectTimeout}, spare: make(chan spareConn, cfg.Connections)}
	return &standard{
		dialer:  d,
		address: address,
		transport: &http.Transport{
			DialContext:         d.DialContext,
			MaxIdleConnsPerHost: cfg.Connections,
			MaxConnsPerHost:     cfg.Connections,
			// Answers are counted and compared as the server sent them.
			DisableCompression: true,
			TLSClientConfig:    &tls.Config{RootCAs: cfg.Endpoint.Roots},
			// An empty map turns HTTP/2 off.
			TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
		},
	}
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

func (t *standard) Warm(ctx context.Context, n int) {
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() { t.dialer.prepare(ctx, t.address) })
	}
	wg.Wait()
}

func (t *standard) Stats() Stats {
	return Stats{Dials: t.dialer.count.Load(), Retries: t.retries.Load()}
}

func (t *standard) Close() {
	t.transport.CloseIdleConnections()
	t.dialer.close()
}
