package transport

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
)

// Message is a request that is laid out once and sent many times. It does not
// change, and may be sent by many goroutines at once.
type Message struct {
	request *http.Request // without context and body
	body    []byte
	wire    []byte // its head, and its body behind it when it is whole
	whole   bool
}

// NewMessage lays out a request with a body, which may be nil. Neither may be
// changed afterwards. Of the request its method, URL, Host (the URL's when empty),
// Header and Close count; a header field without values is not sent. An error
// names what cannot be written into an HTTP/1.1 request.
func NewMessage(r *http.Request, body []byte) (*Message, error) {
	request := r.WithContext(context.Background())
	request.Header = withAgent(r.Header)
	request.ContentLength = int64(len(body))
	request.Body, request.GetBody = http.NoBody, nil
	wire, err := appendHead(nil, request)
	if err != nil {
		return nil, err
	}
	whole := len(wire)+len(body) <= atOnce
	if whole {
		wire = append(wire, body...)
	}
	return &Message{request: request, body: body, wire: slices.Clip(wire), whole: whole}, nil
}

// requestFor returns the message as net/http takes it.
func (m *Message) requestFor(ctx context.Context) *http.Request {
	r := m.request.WithContext(ctx)
	if len(m.body) > 0 {
		r.GetBody = func() (io.ReadCloser, error) { return m.reader(), nil }
		r.Body = m.reader()
	}
	return r
}

// reader returns the body for one reading: the transport may still read from it
// when the answer is there already.
func (m *Message) reader() io.ReadCloser { return io.NopCloser(bytes.NewReader(m.body)) }
