package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
)

// progress is how far a request got that nobody answered.
type progress struct{ connected, secured atomic.Bool }

// watch returns a context whose request is watched.
func (p *progress) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		ConnectDone: func(_, _ string, err error) { p.connected.Store(err == nil) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			p.secured.Store(err == nil)
		},
	})
}

// silence says what the server at a URL did not do until nobody waited any longer.
func (p *progress) silence(url string) error {
	switch {
	case !p.connected.Load():
		return errors.New("no connection was made; see whether the server can be reached from here")
	case strings.HasPrefix(url, secure) && !p.secured.Load():
		return errors.New("the server took the connection, and did not answer the TLS handshake; try http:// in endpoint.url")
	}
	return errors.New("the server took the connection, and did not answer")
}
