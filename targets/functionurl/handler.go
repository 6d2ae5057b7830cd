package functionurl

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

// Handler lets an http.Handler serve the events of a function URL, for
// lambda.Start. An answer is returned at once when the handler returns; it is
// text where it is UTF-8 and base64 otherwise. A handler that panics with
// http.ErrAbortHandler makes the invocation fail; any other panic ends the
// function, as in every function.
func Handler(h http.Handler) lambda.Handler { return handler{h} }

// handler implements lambda.Handler, which takes and returns bytes: the way to
// lambda.Start that passes no reflection.
type handler struct{ http.Handler }

// errAborted is what an invocation fails with whose handler gave up.
var errAborted = errors.New("the handler aborted the answer")

// Invoke serves one event.
func (h handler) Invoke(ctx context.Context, payload []byte) (answer []byte, err error) {
	var event events.LambdaFunctionURLRequest
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, fmt.Errorf("read the event of a function URL: %w", err)
	}
	r, err := request(ctx, &event)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cause := recover(); cause == http.ErrAbortHandler {
			answer, err = nil, errAborted
		} else if cause != nil {
			panic(cause)
		}
	}()
	w := &recorder{header: http.Header{}}
	h.ServeHTTP(w, r)
	return w.payload()
}

// recorder is the http.ResponseWriter of one event.
type recorder struct {
	header http.Header // as the handler sets it
	sent   http.Header // as it was when the answer began
	status int         // 0 before that
	body   []byte
}

// Header implements http.ResponseWriter.
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. Answers that announce another
// one (1xx) have no place in an event.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status, w.sent = status, w.header.Clone()
	}
}

// Write implements http.ResponseWriter.
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if !bodyAllowed(w.status) {
		return 0, http.ErrBodyNotAllowed
	}
	w.body = append(w.body, b...)
	return len(b), nil
}

// payload is the answer as an event's. A content type that the handler left
// out is found as net/http finds it.
func (w *recorder) payload() ([]byte, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	answer := events.LambdaFunctionURLResponse{StatusCode: w.status, Headers: make(map[string]string, len(w.sent)+1)}
	for name, values := range w.sent {
		switch {
		case name == "Set-Cookie":
			answer.Cookies = values
		case carried(name) && len(values) > 0:
			answer.Headers[name] = strings.Join(values, ",")
		}
	}
	if _, set := w.sent["Content-Type"]; !set && len(w.body) > 0 {
		answer.Headers["Content-Type"] = http.DetectContentType(w.body)
	}
	if utf8.Valid(w.body) {
		answer.Body = string(w.body)
	} else {
		answer.Body, answer.IsBase64Encoded = base64.StdEncoding.EncodeToString(w.body), true
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("write the answer to an event: %w", err)
	}
	return text, nil
}

// The end of a streamed answer's prelude, and the most bytes before it.
const (
	preludeEnd = "\x00\x00\x00\x00\x00\x00\x00\x00"
	preludeMax = 1 << 20
)

// ReadStream reads the prelude of a streamed answer: status and headers, no
// body. What it returns beside them is the body, which goes on as the function
// writes it. It fails on a prelude that is not one, or longer than 1 MiB.
func ReadStream(from io.Reader) (*Answer, io.Reader, error) {
	var read []byte
	for chunk := make([]byte, 4096); ; {
		n, err := from.Read(chunk)
		searched := max(0, len(read)-len(preludeEnd)+1)
		read = append(read, chunk[:n]...)
		if at := bytes.Index(read[searched:], []byte(preludeEnd)); at >= 0 {
			end := searched + at
			a, failed := readPrelude(read[:end])
			return a, io.MultiReader(bytes.NewReader(read[end+len(preludeEnd):]), from), failed
		}
		switch {
		case len(read) > preludeMax:
			return nil, nil, fmt.Errorf("read the function's stream: its prelude does not end within %d bytes", preludeMax)
		case errors.Is(err, io.EOF):
			return nil, nil, errors.New("read the function's stream: it ends before its prelude does")
		case err != nil:
			return nil, nil, fmt.Errorf("read the function's stream: %w", err)
		}
	}
}

// readPrelude opens a prelude. Without a status it means 200, and without a
// content type octets, see "Response streaming" in the Lambda Developer Guide.
func readPrelude(text []byte) (*Answer, error) {
	var e envelope
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, fmt.Errorf("read the function's stream: its prelude: %w", err)
	}
	if e.StatusCode == nil {
		e.StatusCode = new(200)
	}
	typed := false
	for name := range e.Headers {
		typed = typed || len(name) == len("Content-Type") && bytes.EqualFold([]byte(name), []byte("Content-Type"))
	}
	e.Body, e.IsBase64Encoded = nil, false
	a, err := e.answer()
	if err == nil && !typed {
		a.Header["Content-Type"] = []string{"application/octet-stream"}
	}
	return a, err
}
