package functionurl

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
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
