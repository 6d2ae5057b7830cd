package transport

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"
	"time"
)

// upload sends a request that is too long for one write, beside the reading of
// the answer: a server may answer before it has read the request, and may read no
// more of it then.
type upload struct {
	conn   *conn
	failed atomic.Pointer[bodyError] // why the request's body could not be had
	ended  chan struct{}             // closed when nothing more will be sent
	whole  bool                      // everything was sent; counts once ended is closed
}

// maxSettling is how long a connection whose request was answered is kept for the
// end of the sending, which mostly has ended and was only not told yet.
const maxSettling = 50 * time.Millisecond

// startUpload begins to send head and body. The body is closed in the end.
func (c *conn) startUpload(head []byte, body io.ReadCloser, length int64) {
	u := &upload{conn: c, ended: make(chan struct{})}
	c.upload = u
	c.client.sweeper.sends(c)
	go u.run(head, body, length)
}

func (u *upload) run(head []byte, body io.ReadCloser, length int64) {
	defer close(u.ended)
	defer body.Close()
	_, err := u.conn.Conn.Write(head)
	if err == nil {
		err = u.send(body, length)
	}
	u.whole = err == nil
	if failed, ok := errors.AsType[bodyError](err); ok {
		// The server waits for the rest: nothing but the end of the connection ends
		// the request.
		u.failed.Store(&failed)
		u.conn.abort()
	}
	u.conn.client.sweeper.sent(u.conn)
}

// failure returns why the request's body could not be had, if that is the reason.
func (u *upload) failure() error {
	if u == nil {
		return nil
	}
	if failed := u.failed.Load(); failed != nil {
		return *failed
	}
	return nil
}

// settle gives the connection back when everything was sent, soon at least.
func (u *upload) settle(keep bool) {
	soon := time.NewTimer(maxSettling)
	defer soon.Stop()
	select {
	case <-u.ended:
		u.conn.release(keep && u.whole)
	case <-soon.C:
		u.conn.release(false)
	}
}

// bodyError is a request's body that could not be read, or has another length
// than it should.
type bodyError struct{ error }

func (e bodyError) Error() string { return "request body: " + e.error.Error() }
func (e bodyError) Unwrap() error { return e.error }

// send writes the body as it is read, in chunks when its length is not known.
func (u *upload) send(body io.Reader, length int64) error {
	buf := make([]byte, 32<<10)
	sent := int64(0)
	for {
		n, err := body.Read(buf)
		sent += int64(n)
		if length >= 0 && sent > length {
			return bodyError{fmt.Errorf("more than the %d bytes of its length", length)}
		}
		if n > 0 {
			if err := u.write(buf[:n], length < 0); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF && sent < length:
			return bodyError{fmt.Errorf("%d bytes, want the %d of its length", sent, length)}
		case err == io.EOF && length < 0:
			_, err := io.WriteString(u.conn.Conn, "0\r\n\r\n")
			return err
		case err == io.EOF:
			return nil
		case err != nil:
			return bodyError{err}
		}
	}
}

func (u *upload) write(p []byte, chunked bool) error {
	if chunked {
		chunk := strconv.AppendInt(nil, int64(len(p)), 16)
		chunk = append(chunk, "\r\n"...)
		chunk = append(chunk, p...)
		p = append(chunk, "\r\n"...)
	}
	_, err := u.conn.Conn.Write(p)
	return err
}
