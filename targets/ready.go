package targets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"servebench/reports/record"
)

// How readiness is polled. The pauses grow with the time waited, so that a
// stamp is late by at most 2 % or 1 ms, and a slow start is not polled to death.
// An attempt that hangs is joined by others rather than waited for: a request
// may be stuck on the way, such as in a proxy that connected too early, while
// a new one would be answered.
const (
	pollFirst  = time.Millisecond
	pollMost   = 100 * time.Millisecond
	pollShare  = 50 // a pause is this part of the time waited
	hangFirst  = 10 * time.Millisecond
	hangShare  = 10 // an attempt hangs after this part of the time waited
	pollAnswer = 5 * time.Second
)

// Probe asks a starting server whether it is ready.
type Probe struct {
	URL   string          // base URL of the server
	Path  string          // as Ready of a Workload
	HTTP2 bool            // as of a Workload
	Began time.Time       // what the stages are counted from
	Done  <-chan struct{} // closed when the server ended; nil: not known
	// AnyAnswer and Credentials are as of a Workload.
	AnyAnswer   bool
	Credentials Credentials
}

// ErrEnded says that the server ended before it was ready.
var ErrEnded = errors.New("the server ended before it was ready")

// Wait polls the server until it accepts a connection and then until it
// answers the readiness request with 2xx, and returns the stages Listening and
// Ready. It fails when ctx ends, saying what the last attempt met, and with
// ErrEnded when the server ended.
func (p Probe) Wait(ctx context.Context) ([]record.Stage, error) {
	transport := Endpoint{URL: p.URL}.PlainTransport(p.HTTP2)
	client := &http.Client{Transport: transport, Timeout: pollAnswer, CheckRedirect: noRedirect}
	defer transport.CloseIdleConnections()
	listening, err := p.poll(ctx, p.connect)
	if err != nil {
		return nil, err
	}
	ready, err := p.poll(ctx, func(ctx context.Context) error {
		return CheckReady(ctx, client, p.URL, p.Path, p.Credentials, p.AnyAnswer)
	})
	if err != nil {
		return nil, err
	}
	return []record.Stage{{Name: Listening, At: listening}, {Name: Ready, At: ready}}, nil
}

// poll repeats attempt until it succeeds, and returns when that was.
func (p Probe) poll(ctx context.Context, attempt func(context.Context) error) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan result)
	timer := time.NewTimer(0)
	defer timer.Stop()
	last := errors.New("no attempt was answered")
	for {
		select {
		case <-p.Done:
			return 0, ErrEnded
		case <-ctx.Done():
			return 0, fmt.Errorf("%w while waiting for the server to be ready: %w", context.Cause(ctx), last)
		case r := <-results:
			if r.err == nil {
				return r.at, nil
			}
			if timeout, ok := errors.AsType[net.Error](r.err); !ok || !timeout.Timeout() { // which tells nothing
				last = Explain(r.err)
			}
			timer.Reset(min(max(r.at/pollShare, pollFirst), pollMost))
		case <-timer.C:
			go p.try(ctx, attempt, results)
			timer.Reset(max(time.Since(p.Began)/hangShare, hangFirst))
		}
	}
}

// result is the outcome of one attempt.
type result struct {
	at  time.Duration
	err error
}

// try makes one attempt, whose outcome nobody wants once ctx ended.
func (p Probe) try(ctx context.Context, attempt func(context.Context) error, results chan<- result) {
	err := attempt(ctx)
	select {
	case results <- result{time.Since(p.Began), err}:
	case <-ctx.Done():
	}
}

// connect succeeds when the port accepts a connection.
func (p Probe) connect(ctx context.Context) error {
	dialer := net.Dialer{Timeout: pollAnswer}
	conn, err := dialer.DialContext(ctx, "tcp", strings.TrimPrefix(p.URL, "http://"))
	if err != nil {
		return err
	}
	return conn.Close()
}

// CheckReady sends one readiness request, which succeeds when it is answered with 2xx, or
// with anyAnswer by any status below 500; a call of gRPC as CheckCall says.
func CheckReady(ctx context.Context, client *http.Client, url, path string, credentials Credentials, anyAnswer bool) error {
	req, err := NewReadyRequest(ctx, url, path)
	if err != nil {
		return err
	}
	if err := credentials.Put(req, nil); err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if IsCall(path) {
		if err := CheckCall(resp, credentials); err != nil {
			return fmt.Errorf("%s %w", path, err)
		}
		return nil
	}
	_, err = io.CopyN(io.Discard, resp.Body, int64(MiB))
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer to %s: %w", req.URL.RequestURI(), err)
	}
	switch status := resp.StatusCode; {
	case status/100 == 2, anyAnswer && status < 500:
		return nil
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fmt.Errorf("%s answered %s; %s", req.URL.RequestURI(), resp.Status, credentials.Refused())
	}
	return fmt.Errorf("%s answered %s", req.URL.RequestURI(), Redirect(resp.Status, resp.Header))
}

// noRedirect makes a redirect an answer, which is not a 2xx.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// PlainTransport carries single requests beside the load to the endpoint, such as
// those for readiness: by net/http's client, each over a connection of its own. It
// leaves the endpoint's own Transport out. http2 is as of a Workload.
func (e Endpoint) PlainTransport(http2 bool) *http.Transport {
	t := &http.Transport{DisableKeepAlives: true, TLSClientConfig: e.TLS.Clone()}
	if e.Socket != "" {
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", e.Socket)
		}
	}
	if http2 {
		t.Protocols = new(http.Protocols)
		t.Protocols.SetHTTP2(true)
		t.Protocols.SetUnencryptedHTTP2(true)
	}
	return t
}
