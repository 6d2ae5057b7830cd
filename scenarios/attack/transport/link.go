package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"servebench/targets"
)

// link is a socket to the server, below TLS. It keeps what decides whether a request
// that was not answered may be sent again.
//
// A server closes an idle connection at about the moment at which a request is
// written to it: that request never reached the server's program, and a client that
// repeats it hides nothing. A server that took the request and closed the connection
// without an answer looks the same from above, and has to show as a failure. The two
// differ in what the server's kernel has acknowledged: a socket that is closed
// already acknowledges nothing more.
type link struct {
	net.Conn
	ahead   bool         // it was opened before a request needed it
	until   time.Time    // when it may carry another request last; zero: for ever
	written atomic.Int64 // bytes that the socket took
	end     atomic.Pointer[ending]
	// waiting is called with the end of the connection by the server, and is there
	// while net/http waits for an answer's first byte, see standard.
	waiting atomic.Pointer[context.CancelCauseFunc]
}

// ending is what was known of a connection when reading or writing first failed.
type ending struct {
	err   error
	acked int64 // bytes that the server's kernel had acknowledged; -1: not known
}

type secured struct {
	*tls.Conn
	link *link
}

// Read implements io.Reader. TLS tells of the end before the socket does.
func (s *secured) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	if err != nil && n == 0 { // with bytes of an answer it is no end without one
		s.link.noteEnd(err)
	}
	return n, err
}

// Close implements io.Closer, without a word: a server that does not read could not
// be told without waiting.
func (s *secured) Close() error { return s.link.Close() }

func linkOf(c net.Conn) *link {
	switch c := c.(type) {
	case *secured:
		return c.link
	case *tls.Conn: // over HTTP/2
		return c.NetConn().(*link)
	}
	return c.(*link)
}

// isOver reports whether the connection may carry no further request.
func (l *link) isOver(now time.Time) bool { return !l.until.IsZero() && now.After(l.until) }

// Read implements io.Reader.
func (l *link) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if err != nil {
		l.noteEnd(err)
	}
	return n, err
}

// Write implements io.Writer.
func (l *link) Write(p []byte) (int, error) {
	n, err := l.Conn.Write(p)
	l.written.Add(int64(n))
	if err != nil {
		l.noteEnd(err)
	}
	return n, err
}

// noteEnd takes down how the server ended the connection, the first time. What we end
// ourselves, by closing it or by a deadline, is no end of the server's.
func (l *link) noteEnd(err error) {
	if l.end.Load() != nil || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
		return
	}
	l.end.CompareAndSwap(nil, &ending{err, acknowledged(l.Conn)})
	l.endWaiting()
}

// endWaiting ends the request of net/http's that waits on a connection that has ended.
func (l *link) endWaiting() {
	if l.end.Load() == nil {
		return
	}
	if end := l.waiting.Swap(nil); end != nil {
		(*end)(l.end.Load().err)
	}
}

// mayRepeat reports whether a request may go over another connection, that was not
// answered on this one, which had been idle: the link had written so many bytes
// before it.
//
// It may if nothing of it was sent. It may as well, where a repetition does no harm,
// if the server closed the connection while it was idle: by FIN, and before its
// kernel had seen a byte of the request. A reset tells nothing: it does not say what
// was received before.
func (l *link) mayRepeat(before int64, harmless bool) bool {
	e := l.end.Load()
	switch {
	case e == nil:
		return false
	case l.written.Load() == before:
		return true
	}
	return harmless && e.err == io.EOF && e.acked >= 0 && e.acked <= before
}

type dialer struct {
	network, address string
	tls              *tls.Config // nil: plain
	timeout          time.Duration
	lifetime         time.Duration // of connections, at most; 0: for ever
	count            atomic.Int64
	resent           atomic.Int64 // those of them that resends is true of
}

// slowConnect is how long it takes to connect where the first packet may have been lost, which
// is sent again after a second by default.
const slowConnect = 200 * time.Millisecond

func (d *dialer) stats(retries int64) Stats {
	return Stats{Dials: d.count.Load(), Resent: d.resent.Load(), Retries: retries}
}

func newDialer(cfg Config) (*dialer, error) {
	server, err := url.Parse(cfg.Endpoint.URL)
	if err != nil {
		return nil, err
	}
	d := &dialer{network: "tcp", address: dialAddress(server), timeout: cfg.ConnectTimeout, lifetime: cfg.ConnectionLifetime}
	if cfg.Endpoint.Socket != "" {
		d.network, d.address = "unix", cfg.Endpoint.Socket
	}
	if server.Scheme == "https" {
		if d.tls = cfg.Endpoint.TLS.Clone(); d.tls == nil {
			d.tls = &tls.Config{}
		}
		d.tls.ServerName, d.tls.NextProtos = cmp.Or(d.tls.ServerName, server.Hostname()), []string{cfg.Version.protocol()}
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

func dialAddress(u *url.URL) string {
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	return net.JoinHostPort(u.Hostname(), port)
}

// until is how long the k-th connection, opened now, may carry requests. Multiples of the
// golden ratio spread the lifetimes evenly, however many there are.
func (d *dialer) until(now time.Time, k int64) time.Time {
	if d.lifetime == 0 {
		return time.Time{}
	}
	_, part := math.Modf(float64(k) * math.Phi)
	return now.Add(d.lifetime - time.Duration(part/5*float64(d.lifetime)))
}

// dial opens a connection to an address, TLS included, and counts it.
func (d *dialer) dial(ctx context.Context, address string) (net.Conn, error) {
	if d.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.timeout)
		defer cancel()
	}
	var dialer net.Dialer
	began := time.Now()
	socket, err := dialer.DialContext(ctx, d.network, address)
	if err != nil {
		return nil, err
	}
	k := d.count.Add(1)
	if time.Since(began) >= slowConnect && resends(socket) {
		d.resent.Add(1)
	}
	plain := &link{Conn: socket, until: d.until(time.Now(), k)}
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
