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
)

// Function is aws-lambda-go's lambda.Handler, which takes and returns bytes: the
// way to lambda.Start that passes no reflection. That package is not imported, since
// it makes a program 2 MB larger.
type Function interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

// Handler lets an http.Handler serve the events of a function URL, for
// lambda.Start. An answer is returned at once when the handler returns; it is
// text where it is UTF-8 and base64 otherwise. A handler that panics with
// http.ErrAbortHandler makes the invocation fail; any other panic ends the
// function, as in every function.
func Handler(h http.Handler) Function { return handler{h} }

// handler implements Function.
type handler struct{ http.Handler }

// errAborted is what an invocation fails with whose handler gave up.
var errAborted = errors.New("the handler aborted the answer")

// Invoke serves one event.
func (h handler) Invoke(ctx context.Context, payload []byte) (answer []byte, err error) {
	r, err := Request(ctx, payload)
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
	if _, set := w.sent["Content-Type"]; !set && len(w.body) > 0 {
		w.sent.Set("Content-Type", http.DetectContentType(w.body))
	}
	return (&Answer{Status: w.status, Header: w.sent, Body: w.body}).Payload()
}

// Payload is what a function returns to give its caller the answer: the body as text
// where it is UTF-8, and base64 otherwise.
func (a *Answer) Payload() ([]byte, error) {
	answer := a.head()
	if utf8.Valid(a.Body) {
		answer.Body = string(a.Body)
	} else {
		answer.Body, answer.IsBase64Encoded = base64.StdEncoding.EncodeToString(a.Body), true
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("write the answer to an event: %w", err)
	}
	return text, nil
}

// Stream is what a function returns, as StreamType, to give its caller the answer with
// a body that follows as it is read. The answer's own is left out.
func (a *Answer) Stream(body io.Reader) io.Reader {
	head := a.head()
	return &events.LambdaFunctionURLStreamingResponse{StatusCode: head.StatusCode, Headers: head.Headers, Cookies: head.Cookies, Body: body}
}

// head is the answer without its body.
func (a *Answer) head() events.LambdaFunctionURLResponse {
	head := events.LambdaFunctionURLResponse{StatusCode: a.Status, Headers: make(map[string]string, len(a.Header)+1)}
	for name, values := range a.Header {
		switch {
		case name == "Set-Cookie":
			head.Cookies = values
		case carried(name) && len(values) > 0:
			head.Headers[name] = strings.Join(values, ",")
		}
	}
	return head
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
