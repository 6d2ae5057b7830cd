package functionurl

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// Answer is what the caller of a function URL gets.
type Answer struct {
	Status int // 200 to 599
	Header http.Header
	Body   []byte
}

// envelope is an answer as a function writes it. Pointers and raw values tell
// what is missing and what is of another kind from what is empty.
type envelope struct {
	StatusCode      *int              `json:"statusCode"`
	Headers         map[string]header `json:"headers"`
	Cookies         []string          `json:"cookies"`
	Body            *string           `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

// header is a header's value: a string, or a number or truth value, which are
// taken as they are written.
type header string

// UnmarshalJSON implements json.Unmarshaler.
func (h *header) UnmarshalJSON(text []byte) error {
	switch text[0] {
	case '"':
		return json.Unmarshal(text, (*string)(h))
	case '{', '[':
		return errors.New("a header is not a list or an object")
	}
	*h = header(text)
	return nil
}

// Read makes an answer of what a function returned at once. An object with a
// statusCode says all of the answer; any other JSON value is the body of a 200
// as it stands, of type application/json. It fails on what is neither, which
// AWS answers with 502.
func Read(payload []byte) (*Answer, error) {
	var e envelope
	failed := errNoJSON
	if bytes.Contains(payload, []byte(`"statusCode"`)) { // the quick answer for other values
		failed = json.Unmarshal(payload, &e)
	}
	switch {
	case failed == nil && e.StatusCode != nil:
		return e.answer()
	case hasStatus(payload):
		return nil, fmt.Errorf("read the function's answer: %w", failed)
	case !json.Valid(payload):
		return nil, errNoJSON
	}
	return &Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: payload}, nil
}

// errNoJSON says that a function returned what is no JSON value.
var errNoJSON = errors.New("read the function's answer: it is not JSON")

// hasStatus reports whether the payload is an object with a statusCode that is
// not null, of whatever kind.
func hasStatus(payload []byte) bool {
	var probe struct {
		StatusCode json.RawMessage `json:"statusCode"`
	}
	return json.Unmarshal(payload, &probe) == nil && len(probe.StatusCode) > 0 && string(probe.StatusCode) != "null"
}

// answer checks the envelope and opens it.
func (e *envelope) answer() (*Answer, error) {
	if e.StatusCode == nil || *e.StatusCode < 200 || *e.StatusCode > 599 {
		return nil, errors.New("read the function's answer: statusCode is not a number from 200 to 599")
	}
	a := &Answer{Status: *e.StatusCode, Header: make(http.Header, len(e.Headers)+1)}
	for name, value := range e.Headers {
		name = http.CanonicalHeaderKey(name)
		if carried(name) {
			a.Header[name] = []string{string(value)}
		}
	}
	if len(e.Cookies) > 0 {
		a.Header["Set-Cookie"] = e.Cookies
	}
	if len(a.Header["Content-Type"]) == 0 {
		a.Header["Content-Type"] = []string{"application/json"}
	}
	switch {
	case e.Body == nil:
	case !e.IsBase64Encoded:
		a.Body = []byte(*e.Body)
	default:
		body, err := base64.StdEncoding.DecodeString(*e.Body)
		if err != nil {
			return nil, fmt.Errorf("read the function's answer: its body: %w", err)
		}
		a.Body = body
	}
	return a, nil
}

// carried reports whether a function's header is handed on: not those that
// belong to the connection, which the function does not hold.
func carried(name string) bool {
	switch name {
	case "Connection", "Content-Length", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade":
		return false
	}
	return true
}

// WriteTo answers an HTTP request.
func (a *Answer) WriteTo(w http.ResponseWriter) error {
	all := w.Header()
	for name, values := range a.Header {
		all[name] = values
	}
	if bodyAllowed(a.Status) {
		all["Content-Length"] = []string{strconv.Itoa(len(a.Body))}
	}
	w.WriteHeader(a.Status)
	if len(a.Body) == 0 || !bodyAllowed(a.Status) {
		return nil
	}
	if _, err := w.Write(a.Body); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
		return fmt.Errorf("answer the caller: %w", err)
	}
	return nil
}

// bodyAllowed reports whether an answer of that status may have a body.
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}
