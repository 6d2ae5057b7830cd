package transport

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/iotest"
	"time"
)

// bytesConn is a connection on which the server says what it says, and hangs up.
type bytesConn struct {
	net.Conn
	io.Reader
}

func (c bytesConn) Read(p []byte) (int, error)  { return c.Reader.Read(p) }
func (c bytesConn) Write(p []byte) (int, error) { return len(p), nil }
func (c bytesConn) Close() error                { return nil }
func (c bytesConn) SetDeadline(time.Time) error { return nil }

// readOwn reads an answer by our own reader.
func readOwn(r io.Reader, method string) (status int, body []byte, err error) {
	t := newClient(Config{Connections: 1}, &dialer{})
	t.pools.only.reserve()
	l := &link{Conn: bytesConn{Reader: r}}
	c := &conn{Conn: l, link: l, client: t, pool: t.pools.only}
	m, o := &Message{Method: method, whole: true}, &Outcome{}
	if err := c.exchange(context.Background(), m); err != nil {
		return 0, nil, err
	}
	err = c.receive(context.Background(), m, o)
	return o.Status, o.Body, err
}

// readReference reads it by net/http's.
func readReference(answer []byte, method string) (status int, body []byte, err error) {
	in := bufio.NewReader(bytes.NewReader(answer))
	for {
		response, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			return 0, nil, err
		}
		if response.StatusCode < 200 && response.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		body, err = io.ReadAll(io.LimitReader(response.Body, 1<<20))
		return response.StatusCode, body, err
	}
}

// FuzzReader holds our reader to net/http's: what it accepts, net/http accepts with
// the same status and body, and however the bytes arrive, it says the same. It is
// stricter of purpose: field names with spaces, control characters in values,
// versions other than 1.0 and 1.1, statuses below 100, and 101 are refused.
func FuzzReader(f *testing.F) {
	for _, answer := range []string{
		okay,
		okay + okay,
		"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nuntil the end",
		"HTTP/1.1 200\r\nContent-Length: 9\r\n\r\nshort",
		"HTTP/1.1 200 OK\nA: b\n c\nContent-Length: 1\n\nx",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + okay,
		"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0005  \r\nhello\r\n00\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
		"HTTP/1.1 101 Switching Protocols\r\n\r\n",
	} {
		f.Add([]byte(answer), false)
		f.Add([]byte(answer), true)
	}
	f.Fuzz(func(t *testing.T, answer []byte, head bool) {
		method := map[bool]string{false: http.MethodGet, true: http.MethodHead}[head]
		status, body, err := readOwn(bytes.NewReader(answer), method)
		status2, body2, err2 := readOwn(iotest.OneByteReader(bytes.NewReader(answer)), method)
		if status2 != status || !bytes.Equal(body2, body) || (err2 == nil) != (err == nil) {
			t.Errorf("%d, %.100q, %v; byte by byte %d, %.100q, %v", status, body, err, status2, body2, err2)
		}
		if err != nil {
			return
		}
		if status2, body2, err := readReference(answer, method); status2 != status || !bytes.Equal(body2, body) || err != nil {
			t.Errorf("%d, %.100q; by net/http %d, %.100q, %v", status, body, status2, body2, err)
		}
	})
}
