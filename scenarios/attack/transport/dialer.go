package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"sync/atomic"
	"time"

	"servebench/targets"
)

// dialer opens connections to one server.
type dialer struct {
	network, address string
	tls              *tls.Config // nil: plain
	timeout          time.Duration
	count            atomic.Int64
}

func newDialer(cfg Config) (*dialer, error) {
	server, err := url.Parse(cfg.Endpoint.URL)
	if err != nil {
		return nil, err
	}
	d := &dialer{network: "tcp", address: hostPort(server), timeout: cfg.ConnectTimeout}
	if cfg.Endpoint.Socket != "" {
		d.network, d.address = "unix", cfg.Endpoint.Socket
	}
	if server.Scheme == "https" {
		d.tls = &tls.Config{RootCAs: cfg.Endpoint.Roots, ServerName: server.Hostname(), NextProtos: []string{cfg.Version.protocol()}}
	}
	return d, nil
}

// protocol returns the version's name in TLS's negotiation (ALPN).
func (v Version) protocol() string {
	if v == HTTP2 {
		return "h2"
	}
	return "http/1.1"
}

// hostPort returns what to dial for a URL.
func hostPort(u *url.URL) string {
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	return net.JoinHostPort(u.Hostname(), port)
}

// dial opens a connection, TLS included, and counts it.
func (d *dialer) dial(ctx context.Context) (net.Conn, error) {
	if d.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.timeout)
		defer cancel()
	}
	var dialer net.Dialer
	socket, err := dialer.DialContext(ctx, d.network, d.address)
	if err != nil {
		return nil, err
	}
	d.count.Add(1)
	plain := &link{Conn: socket}
	if d.tls == nil {
		return plain, nil
	}
	conn := tls.Client(plain, d.tls)
	if err := d.handshake(ctx, conn); err != nil {
		plain.Close()
		return nil, err
	}
	if d.tls.NextProtos[0] == HTTP2.protocol() {
		return conn, nil // net/http takes no other
	}
	return &secured{conn, plain}, nil
}

// handshake agrees on TLS and on the version of HTTP. A server that says nothing
// of versions speaks HTTP/1.1.
func (d *dialer) handshake(ctx context.Context, conn *tls.Conn) error {
	if err := conn.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("%w: %w", targets.ErrHandshake, err)
	}
	want := d.tls.NextProtos[0]
	if got := cmp.Or(conn.ConnectionState().NegotiatedProtocol, HTTP1.protocol()); got != want {
		return fmt.Errorf("%w: the server chose %s, want %s; set http.version to what it speaks", targets.ErrHandshake, got, want)
	}
	return nil
}
