package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http/httptrace"
	"strings"
	"sync/atomic"

	"servebench/targets"
)

// progress is how far a request got that nobody answered.
type progress struct{ connected, began, secured atomic.Bool }

// watch returns a context whose request is watched.
func (p *progress) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		ConnectDone:       func(_, _ string, err error) { p.connected.Store(err == nil) },
		TLSHandshakeStart: func() { p.began.Store(true) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			p.secured.Store(err == nil)
		},
	})
}

// blame says of a failure that it was one of TLS's handshake, if it was.
func (p *progress) blame(err error) error {
	if p.began.Load() && !p.secured.Load() {
		return fmt.Errorf("%w: %w", targets.ErrHandshake, err)
	}
	return err
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
