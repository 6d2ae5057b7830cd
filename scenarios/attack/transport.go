package attack

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"servebench/targets"
)

// transport carries requests to the server. It is the seam at which another
// HTTP client takes the place of net/http's.
type transport interface {
	http.RoundTripper
	// warm opens connections before the load. Failing is no error: the load
	// will show it.
	warm(ctx context.Context, address string, connections int)
	// dials returns how many connections were opened.
	dials() int64
	// close ends every idle connection.
	close()
}

// newTransport returns the endpoint's own transport, or net/http's, tuned for
// at most inFlight requests at once. timeout bounds the dialling.
func newTransport(e targets.Endpoint, inFlight int, timeout time.Duration) transport {
	if e.Transport != nil {
		return foreignTransport{e.Transport}
	}
	d := &dialer{Dialer: net.Dialer{Timeout: timeout}, spare: make(chan spareConn, warmConnections)}
	return &httpTransport{
		dialer: d,
		Transport: &http.Transport{
			DialContext:         d.DialContext,
			MaxIdleConnsPerHost: inFlight,
			MaxConnsPerHost:     inFlight,
			// Answers are counted and compared as the server sent them.
			DisableCompression: true,
			TLSClientConfig:    &tls.Config{RootCAs: e.Roots},
			// An empty map turns HTTP/2 off.
			TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
		},
	}
}

// httpTransport is net/http's transport over connections that were opened ahead.
type httpTransport struct {
	*http.Transport
	dialer *dialer
}

func (t *httpTransport) warm(ctx context.Context, address string, connections int) {
	var wg sync.WaitGroup
	for range connections {
		wg.Go(func() { t.dialer.prepare(ctx, address) })
	}
	wg.Wait()
}

func (t *httpTransport) dials() int64 { return t.dialer.count.Load() }

func (t *httpTransport) close() {
	t.CloseIdleConnections()
	t.dialer.close()
}

// foreignTransport is one that a target brought along. What it opens is not
// known.
type foreignTransport struct{ http.RoundTripper }

func (foreignTransport) warm(context.Context, string, int) {}
func (foreignTransport) dials() int64                      { return 0 }
func (foreignTransport) close()                            {}

// warmConnections is how many connections are opened before the load. More than
// these are dialled as the load needs them; a server that keeps a thread for
// each connection should not be made to keep hundreds for nothing.
const warmConnections = 16

// warmTimeout bounds the opening of connections before the load.
const warmTimeout = time.Second

// hostPort returns what to dial for a URL.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
