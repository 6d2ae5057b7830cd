package reference

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"servebench/targets/protocol"
)

// frontDoor is the layer that every request passes first: it counts, bounds the
// body, marks the answer with ids, and turns a panic into an answer.
type frontDoor struct {
	server *Server
	next   http.Handler
}

func (d *frontDoor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := d.server.metrics
	m.inFlight.Add(1)
	defer m.inFlight.Add(-1)
	if delay := d.server.config.Delay; delay != nil {
		delay()
	}
	// net/http closes the connection of a body over the limit, which it does
	// only by its own writer.
	r.Body = http.MaxBytesReader(w, r.Body, d.server.config.MaxBody)
	answer := &answerWriter{ResponseWriter: w}
	defer d.recover(answer, r)
	header := w.Header()
	header[protocol.InstanceIDHeader] = []string{d.server.instance}
	if id := r.Header.Get(protocol.RequestIDHeader); protocol.IsRequestID(id) {
		header[protocol.RequestIDHeader] = []string{id}
	}
	r, cancel, err := d.withDeadline(r)
	if err != nil {
		refuse(answer, http.StatusBadRequest, err.Error())
	} else {
		defer cancel()
		d.next.ServeHTTP(answer, r)
	}
	m.countAnswer(answer.status)
}

// TimeoutHeader is how many milliseconds the sender waits for the answer, as Envoy tells those
// behind it.
const TimeoutHeader = "X-Envoy-Expected-Rq-Timeout-Ms"

// withDeadline bounds how long a request may take: by the server's own limit, and by what
// the request says of itself.
func (d *frontDoor) withDeadline(r *http.Request) (*http.Request, context.CancelFunc, error) {
	timeout := d.server.config.Timeout
	if text := r.Header.Get(TimeoutHeader); text != "" {
		ms, err := strconv.ParseInt(text, 10, 32)
		if err != nil || ms < 1 {
			return nil, nil, fmt.Errorf("header %s: %.40q is no time, want milliseconds, 1 or more", TimeoutHeader, text)
		}
		if asked := time.Duration(ms) * time.Millisecond; timeout == 0 || asked < timeout {
			timeout = asked
		}
	}
	if timeout == 0 {
		return r, func() {}, nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	return r.WithContext(ctx), cancel, nil
}

// recover answers 500 in place of a panicking handler, unless the answer had
// begun: then the connection is cut, so that nobody takes it for whole.
func (d *frontDoor) recover(w *answerWriter, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	d.server.metrics.panics.Inc()
	d.server.config.Log.Error("handler panicked",
		"method", r.Method, "path", r.URL.Path, "cause", cause, "stack", string(debug.Stack()))
	d.server.metrics.countAnswer(http.StatusInternalServerError)
	if w.status != 0 {
		panic(http.ErrAbortHandler) // net/http closes the connection without a word
	}
	refuse(w, http.StatusInternalServerError, "internal error")
}

// answerWriter remembers the status of the answer; 0 before it began.
type answerWriter struct {
	http.ResponseWriter
	status int
}

func (w *answerWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *answerWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Flush implements http.Flusher, without which gRPC's handler takes no request.
func (w *answerWriter) Flush() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	// An error says that the client is gone, or that nothing was kept back.
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// refuse answers {"error": problem}, the form that the protocols share.
func refuse(w http.ResponseWriter, status int, problem string) {
	// A struct of one string always encodes.
	body, _ := json.Marshal(struct {
		Error string `json:"error"`
	}{problem})
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A failing write means that the client is gone; there is nobody to tell.
	_, _ = w.Write(body)
}

// inflater decompresses request bodies, so that handlers read plain bytes. The
// limit on the body as sent is not its matter; the body as decompressed is
// bounded by max, beyond which reading it ends in an *http.MaxBytesError.
type inflater struct {
	next    http.Handler
	max     int64     // bytes
	readers sync.Pool // *gzip.Reader
}

func inflate(next http.Handler, max int64) http.Handler {
	return &inflater{next: next, max: max}
}

func (f *inflater) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch coding := strings.ToLower(r.Header.Get("Content-Encoding")); coding {
	case "", "identity":
		f.next.ServeHTTP(w, r)
	case "gzip", "x-gzip":
		f.serveGzip(w, r)
	default:
		w.Header().Set("Accept-Encoding", "gzip, identity")
		refuse(w, http.StatusUnsupportedMediaType, fmt.Sprintf("content encoding %q is not supported, want gzip or identity", coding))
	}
}

func (f *inflater) serveGzip(w http.ResponseWriter, r *http.Request) {
	reader, err := f.open(r.Body)
	if err != nil {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("read gzip body: %v", err))
		return
	}
	r.Body = http.MaxBytesReader(nil, reader, f.max)
	r.ContentLength = -1 // that of the decompressed body is not known
	r.Header.Del("Content-Encoding")
	f.next.ServeHTTP(w, r)
	f.readers.Put(reader)
}

// open starts decompressing, with a reader that was used before if there is
// one: it holds more than 40 KB.
func (f *inflater) open(body io.Reader) (*gzip.Reader, error) {
	reader, ok := f.readers.Get().(*gzip.Reader)
	if !ok {
		return gzip.NewReader(body)
	}
	if err := reader.Reset(body); err != nil {
		f.readers.Put(reader)
		return nil, err
	}
	return reader, nil
}
