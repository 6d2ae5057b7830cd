package transport

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"servebench/targets"
	"servebench/targets/protocol"

	"golang.org/x/net/http/httpguts"
)

// Message is a request that is laid out once and sent many times. It does not
// change, and may be sent by many goroutines at once.
type Message struct {
	Method, URL string
	Body        []byte

	request *http.Request // as net/http takes it, without context and body
	wire    []byte        // its head, and its body behind it when it is whole
	whole   bool
	last    bool // on its connection
}

// maxWhole is how long a request may be to be sent in one write before anything is
// read: a socket takes as much without the server's having read any of it.
const maxWhole = 16 << 10

// NewMessage lays out a request for the server at a base URL, such as
// "http://HOST:PORT", and puts credentials on it. Its header and body may not be changed
// afterwards; a header field without values is not sent. last says that the connection
// ends with the request. An error names what cannot be written into an HTTP/1.1 request.
func NewMessage(base string, r protocol.Request, last bool, credentials targets.Credentials) (*Message, error) {
	target, err := parseURL(base + r.Path)
	if err != nil {
		return nil, err
	}
	request := &http.Request{
		Method: r.Method, URL: target,
		Host:   cmp.Or(r.Header.Get("Host"), target.Host), // which net/http leaves out of a header
		Header: withAgent(r.Header), Close: last,
		Body: http.NoBody, ContentLength: int64(len(r.Body)),
	}
	if credentials.Authorize != nil {
		request.Header = request.Header.Clone()
		if err := credentials.Put(request, r.Body); err != nil {
			return nil, err
		}
	}
	wire, err := appendHead(nil, request)
	if err != nil {
		return nil, err
	}
	whole := len(wire)+len(r.Body) <= maxWhole
	if whole {
		wire = append(wire, r.Body...)
	}
	last = last || httpguts.HeaderValuesContainsToken(request.Header["Connection"], "close")
	return &Message{Method: r.Method, URL: target.String(), Body: r.Body, request: request, wire: slices.Clip(wire), whole: whole, last: last}, nil
}

func parseURL(raw string) (*url.URL, error) {
	target, err := url.Parse(raw)
	if err != nil {
		return nil, err
	}
	if target.Scheme != "http" && target.Scheme != "https" || target.Host == "" {
		return nil, fmt.Errorf("URL %q: want http://HOST… or https://HOST…", raw)
	}
	return target, nil
}

func (m *Message) netHTTPRequest(ctx context.Context) *http.Request {
	r := m.request.WithContext(ctx)
	if len(m.Body) > 0 {
		// Each sending has a reader: the transport may still read when the answer is there.
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(m.Body)), nil }
		r.Body, _ = r.GetBody()
	}
	return r
}

// Idempotent reports whether the request means the same when it is sent twice (RFC
// 9110, 9.2.2).
func (m *Message) Idempotent() bool {
	return slices.Contains([]string{"", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete}, m.Method)
}

// withAgent returns a header that says what the client is, if it does not yet. An
// empty User-Agent asks for none to be sent.
func withAgent(header http.Header) http.Header {
	if _, ok := header["User-Agent"]; ok {
		return header
	}
	header = header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header["User-Agent"] = []string{"servebench"}
	return header
}

// appendHead appends the head of an HTTP/1.1 request: the request line, Host, the
// header's fields in order of their names, the length of the body, the blank line.
func appendHead(b []byte, r *http.Request) ([]byte, error) {
	method, target := cmp.Or(r.Method, http.MethodGet), r.URL.RequestURI()
	if !httpguts.ValidHeaderFieldName(method) {
		return nil, fmt.Errorf("method %q: want letters, as in GET", method)
	}
	if r.Host == "" || !isVisibleASCII(r.Host) {
		return nil, fmt.Errorf("host %q: want a name or an address of printable ASCII", r.Host)
	}
	if !isVisibleASCII(target) {
		return nil, fmt.Errorf("path %q: want printable ASCII without spaces", target)
	}
	b = append(b, method+" "+target+" HTTP/1.1\r\n"...)
	b = appendField(b, "Host", r.Host)
	if agent := r.Header.Get("User-Agent"); agent != "" {
		b = appendField(b, "User-Agent", agent)
	}
	b, err := appendFields(b, r.Header)
	if err != nil {
		return nil, err
	}
	if r.Close {
		b = appendField(b, "Connection", "close")
	}
	// A request of a method that has a body says so even of an empty one (RFC 9110, 8.6).
	if r.ContentLength > 0 || method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch {
		b = appendField(b, "Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}
	return append(b, "\r\n"...), nil
}

var ownFields = []string{"Host", "User-Agent", "Content-Length", "Transfer-Encoding", "Trailer"}

func appendFields(b []byte, header http.Header) ([]byte, error) {
	for _, key := range slices.Sorted(maps.Keys(header)) {
		if slices.Contains(ownFields, key) {
			continue
		}
		if !httpguts.ValidHeaderFieldName(key) {
			return nil, fmt.Errorf("header field %q: want a name of letters, digits and hyphens", key)
		}
		for _, value := range header[key] {
			if !httpguts.ValidHeaderFieldValue(value) {
				return nil, fmt.Errorf("header field %s: value %q: want no control characters", key, value)
			}
			b = appendField(b, key, trimBlanks(value))
		}
	}
	return b, nil
}

func appendField(b []byte, key, value string) []byte {
	return append(b, key+": "+value+"\r\n"...)
}

func isVisibleASCII(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
