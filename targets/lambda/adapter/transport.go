package adapter

import (
	"context"
	"net"
	"net/http"
	"syscall"
	"time"
)

// transport carries one request at a time to one address.
type transport struct {
	*http.Transport
	address string
}

// idleTime is for how long a connection to a server is kept that carries nothing: shorter
// than the time after which servers close theirs, so that no request meets its end.
const idleTime = time.Second

// newTransport makes one that keeps a connection for that long; 0: for ever.
func newTransport(address string, idle time.Duration) transport {
	const buffer = 32 << 10
	return transport{&http.Transport{DisableCompression: true, IdleConnTimeout: idle, WriteBufferSize: buffer, ReadBufferSize: buffer}, address}
}

// newServerTransport makes one to the server.
func newServerTransport(address string) transport {
	t := newTransport(address, idleTime)
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		raw, err := conn.(*net.TCPConn).SyscallConn()
		return promptly{conn, raw}, err
	}
	return t
}

// promptly is a connection that acknowledges at once what it reads. Many servers write the
// head of an answer and its body one after the other; the kernel holds the second part back
// until the first is acknowledged, which takes 40 ms otherwise.
type promptly struct {
	net.Conn
	raw syscall.RawConn
}

// Read implements net.Conn.
func (c promptly) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		_ = c.raw.Control(acknowledge) // what is not acknowledged now is so later
	}
	return n, err
}

// send sends the request of an invocation to the server, whatever host it names.
func (t transport) send(r *http.Request, inv *invocation) (*http.Response, error) {
	r.URL.Scheme, r.URL.Host = "http", t.address
	for _, name := range []string{"Connection", "Expect", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"} {
		delete(r.Header, name)
	}
	r.Header["X-Amzn-Lambda-Context"] = []string{inv.context()}
	if r.Header["User-Agent"] == nil {
		r.Header["User-Agent"] = []string{""} // none, rather than Go's
	}
	if r.ContentLength == 0 {
		r.Body = http.NoBody
	}
	return t.RoundTrip(r)
}
