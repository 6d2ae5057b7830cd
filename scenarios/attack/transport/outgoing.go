package transport

import (
	"errors"
	"io"
	"net/http"
)

// outgoing is a request as it goes over one connection, and over another when
// that one was closed.
type outgoing struct {
	request *http.Request
	wire    []byte // the head; and the body behind it when the request is whole
	whole   bool
	length  int64         // of the body that is sent apart; -1: not known
	body    io.ReadCloser // for the next sending; nil: has to be had again
	again   func() (io.ReadCloser, error)
}

// outgoing returns the message, to be sent.
func (m *Message) outgoing() outgoing {
	o := outgoing{request: m.request, wire: m.wire, whole: m.whole, length: int64(len(m.body))}
	if !m.whole {
		o.again = func() (io.ReadCloser, error) { return m.reader(), nil }
	}
	return o
}

// newOutgoing lays out a request to be sent once. It closes the body when it
// fails.
func newOutgoing(r *http.Request) (outgoing, error) {
	o := outgoing{request: r, length: bodyLength(r), body: r.Body, again: r.GetBody}
	var err error
	o.wire, err = appendHead(nil, r)
	if o.whole = o.length >= 0 && int64(len(o.wire))+o.length <= atOnce; err == nil && o.whole {
		err = o.include()
	}
	if err != nil || o.whole {
		o.close()
	}
	return o, err
}

// include puts the body, which has to be of its length, behind the head.
func (o *outgoing) include() error {
	if o.length == 0 {
		return nil
	}
	n := len(o.wire)
	o.wire = append(o.wire, make([]byte, o.length)...)
	if _, err := io.ReadFull(o.body, o.wire[n:]); err != nil {
		return bodyError{err}
	}
	if extra, _ := o.body.Read(make([]byte, 1)); extra > 0 {
		return bodyError{errors.New("longer than its length")}
	}
	return nil
}

// next returns the body for one sending.
func (o *outgoing) next() (io.ReadCloser, error) {
	if body := o.body; body != nil {
		o.body = nil
		return body, nil
	}
	if o.again == nil {
		return nil, bodyError{errors.New("cannot be had a second time")}
	}
	return o.again()
}

// close closes a body that was not sent.
func (o *outgoing) close() {
	if o.body != nil {
		o.body.Close()
		o.body = nil
	}
}
