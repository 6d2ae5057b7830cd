package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"servebench/targets"
)

// pause is between one request for readiness and the next.
const pause = 100 * time.Millisecond

// ready asks the server for its readiness path until the answer says that it is
// ready, and returns what was agreed on in the handshake of TLS; nil without one. A
// server that is not to be asked makes the handshake alone.
func (t target) ready(ctx context.Context, w targets.Workload) (*tls.ConnectionState, error) {
	if !t.ask {
		return t.handshake(ctx)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, t.wait, fmt.Errorf("not ready within endpoint.wait = %v", t.wait))
	defer cancel()
	transport := t.endpoint().PlainTransport(w.HTTP2)
	defer transport.CloseIdleConnections()
	var last error
	var got progress
	for {
		state, err := get(got.watch(ctx), transport, t.url, w)
		switch {
		case err == nil:
			return state, nil
		case ctx.Err() == nil:
			last = targets.Explain(got.blame(err))
		case last == nil: // err tells of the end of patience alone
			last = got.silence(t.url)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %s %s%s: %w", context.Cause(ctx), targets.ReadyMethod(w.Ready), t.url, w.Ready, t.security.explain(last))
		}
	}
}

// get succeeds when the answer is a 2xx, or with AnyAnswer one below 500; a call of gRPC as
// targets.CheckCall says.
func get(ctx context.Context, transport http.RoundTripper, url string, w targets.Workload) (*tls.ConnectionState, error) {
	req, err := targets.NewReadyRequest(ctx, url, w.Ready)
	if err != nil {
		return nil, err
	}
	if err := w.Credentials.Put(req, nil); err != nil {
		return nil, err
	}
	resp, err := transport.RoundTrip(req) // no redirect is followed
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if targets.IsCall(w.Ready) {
		if err := targets.CheckCall(resp, w.Credentials); err != nil {
			return nil, fmt.Errorf("%w; endpoint.ready=none asks nothing", err)
		}
		return resp.TLS, nil
	}
	const most = 4 << 10
	body, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	switch {
	case resp.StatusCode/100 == 2:
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		if !w.AnyAnswer {
			return nil, fmt.Errorf("answered %s; %s; endpoint.ready=none asks nothing", targets.Answer(resp.Status, resp.Header, body), w.Credentials.Refused())
		}
	case w.AnyAnswer && resp.StatusCode >= 500:
		return nil, fmt.Errorf("answered %s; the server counts as ready when it answers with a status below 500; endpoint.ready=none asks nothing", targets.Answer(resp.Status, resp.Header, body))
	case !w.AnyAnswer:
		return nil, fmt.Errorf("answered %s; the path of endpoint.url and workload.ready together have to be one that is answered with 2xx; endpoint.ready=none asks nothing", targets.Answer(resp.Status, resp.Header, body))
	}
	return resp.TLS, nil
}

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
		return errors.New("no connection was made; check that the server can be reached from here")
	case strings.HasPrefix(url, secure) && !p.secured.Load():
		return errors.New("the server took the connection, and did not answer the TLS handshake; try http:// in endpoint.url")
	}
	return errors.New("the server took the connection, and did not answer")
}
