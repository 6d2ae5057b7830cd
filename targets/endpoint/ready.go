package endpoint

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"servebench/targets"
)

// pause is between one request for readiness and the next.
const pause = 100 * time.Millisecond

// ready asks the server for its readiness path until the answer says that it is
// ready, and returns what was agreed on in the handshake of TLS; nil without one.
func (t target) ready(ctx context.Context, w targets.Workload) (*tls.ConnectionState, error) {
	if !t.ask {
		return nil, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, t.wait, fmt.Errorf("not ready within endpoint.wait = %v", t.wait))
	defer cancel()
	transport := t.endpoint().PlainTransport(w.HTTP2)
	defer transport.CloseIdleConnections()
	var last error
	var got progress
	for {
		state, err := get(got.watch(ctx), transport, t.url+w.Ready, w.AnyAnswer)
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
			return nil, fmt.Errorf("%w: GET %s%s: %w", context.Cause(ctx), t.url, w.Ready, last)
		}
	}
}

// get succeeds when the answer is a 2xx, or with anyAnswer one below 500.
func get(ctx context.Context, transport http.RoundTripper, url string, anyAnswer bool) (*tls.ConnectionState, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := transport.RoundTrip(req) // no redirect is followed
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	const most = 4 << 10
	body, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	switch {
	case resp.StatusCode/100 == 2:
	case anyAnswer && resp.StatusCode >= 500:
		return nil, fmt.Errorf("answered %s; the server counts as ready when it answers with a status below 500; endpoint.ready=none asks nothing", targets.Answer(resp.Status, resp.Header, body))
	case !anyAnswer:
		return nil, fmt.Errorf("answered %s; the path of endpoint.url and workload.ready together have to be one that is answered with 2xx; endpoint.ready=none asks nothing", targets.Answer(resp.Status, resp.Header, body))
	}
	return resp.TLS, nil
}

// security says how the connections are secured, as far as they are.
func (t target) security(agreed *tls.ConnectionState) []targets.Fact {
	if !strings.HasPrefix(t.url, secure) {
		return nil
	}
	value := "checked with the system's certificates"
	if t.ca != "" {
		value = "checked with the certificates of " + t.ca
	}
	if agreed != nil {
		value = fmt.Sprintf("%s, %s, %s", tls.VersionName(agreed.Version), tls.CipherSuiteName(agreed.CipherSuite), value)
	}
	return []targets.Fact{{Name: "TLS", Value: value}}
}
