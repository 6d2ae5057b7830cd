package protocol

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Inferences handles the inference requests of a protocol that is a body in and a body out
// over HTTP: it reads the body, asks the model, writes the answer and tells the observer.
// What the bytes mean is up to its functions. Its memory is kept from request to request.
type Inferences struct {
	// Decode reads b.Body into b.ID, b.Rows and b.Features. An error is the client's
	// fault, 400, unless it is a *Refusal. The model's Fault says what sizes are wrong.
	Decode func(r *http.Request, m *Served, b *Batch) error
	// Encode appends the answer to b.Answer, which is empty, and returns its Content-Type;
	// it may set further header fields.
	Encode func(m *Served, b *Batch, header http.Header) (contentType string)
	// Refuse writes an answer that says what is wrong.
	Refuse func(w http.ResponseWriter, status int, problem string)

	batches sync.Pool // *Batch
}

// Batch is one inference request.
type Batch struct {
	Body     []byte
	ID       []byte        // to be echoed; nil: the request has none
	Timeout  time.Duration // from the request's beginning, where it asks for one; 0: it does not
	Rows     int           // at least 1 once decoded
	Features []float32     // row by row
	Scores   []float32     // what the model says, row by row, Model.Scores of each
	Answer   []byte
	// State is the protocol's own, and stays with the batch when it is used again.
	State any

	buffer    bytes.Buffer
	requestID []byte // that of the header
}

// keepBytes is the largest body whose memory is kept for the next request.
const keepBytes = 1 << 20

// ServeModel answers a request to a model. A body that ends in an *http.MaxBytesError is
// refused with 413, a bad answer of the model with 500.
func (i *Inferences) ServeModel(w http.ResponseWriter, r *http.Request, m *Served) {
	start := time.Now()
	b, ok := i.batches.Get().(*Batch)
	if !ok {
		b = new(Batch)
	}
	var done Inference
	err := b.read(r)
	if err == nil {
		b.ID, b.Timeout, b.Rows, b.Features = nil, 0, 0, b.Features[:0]
		err = i.Decode(r, m, b)
	}
	decoded := time.Now()
	done.Decode = decoded.Sub(start)
	if err == nil {
		err = b.predict(r.Context(), start, m, &done)
		m.Alter(r.Context(), b.Scores)
	}
	encode := time.Now()
	if err != nil {
		if done.Status = StatusOf(err); done.Status == http.StatusTooManyRequests {
			w.Header()["Retry-After"] = []string{"1"} // seconds, the least there is
		}
		i.Refuse(w, done.Status, err.Error())
	} else {
		done.Status, done.Rows, done.ID, done.Features, done.Scores = http.StatusOK, b.Rows, b.id(m, w.Header()), b.Features, b.Scores
		b.Answer = b.Answer[:0]
		WriteAnswer(w, http.StatusOK, i.Encode(m, b, w.Header()), b.Answer)
	}
	done.Encode = time.Since(encode)
	if m.Observer != nil {
		m.Observer.Observe(done)
	}
	// Not deferred: what a panic left behind is not used again.
	if b.buffer.Cap() <= keepBytes {
		i.batches.Put(b)
	}
}

// StatusOf is the HTTP status of an error: that of a *Refusal, or 400 of any other.
func StatusOf(err error) int {
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return refusal.Status
	}
	return http.StatusBadRequest
}

// id is Inference.ID of a request whose answer has these header fields, or gets them.
func (b *Batch) id(m *Served, header http.Header) []byte {
	if n := len(b.ID); n > 0 && n <= MaxRequestID {
		return b.ID
	}
	id := header[RequestIDHeader]
	if len(id) == 0 {
		if m.NewID == nil {
			return nil
		}
		id = []string{m.NewID()}
		header[RequestIDHeader] = id
	}
	b.requestID = append(b.requestID[:0], id[0]...)
	return b.requestID
}

func (b *Batch) read(r *http.Request) (err error) {
	b.Body, err = readBody(&b.buffer, r)
	return err
}

// ReadBody reads the body of a request. One that ends in an *http.MaxBytesError is a
// *Refusal with status 413.
func ReadBody(r *http.Request) ([]byte, error) { return readBody(new(bytes.Buffer), r) }

func readBody(buffer *bytes.Buffer, r *http.Request) ([]byte, error) {
	buffer.Reset()
	// The announced length is not trusted with memory.
	buffer.Grow(int(max(0, min(r.ContentLength, keepBytes))) + bytes.MinRead)
	_, err := buffer.ReadFrom(r.Body)
	if over, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, &Refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("request body is over the limit of %d bytes", over.Limit)}
	}
	if err != nil {
		return nil, fmt.Errorf("read request body: %w", err)
	}
	return buffer.Bytes(), nil
}

func (b *Batch) predict(ctx context.Context, start time.Time, m *Served, done *Inference) (err error) {
	if b.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, start.Add(b.Timeout))
		defer cancel()
	}
	b.Scores, err = m.Infer(ctx, b.Scores[:0], b.Features, b.Rows, done)
	return err
}

// WriteAnswer writes an answer with a body.
func WriteAnswer(w http.ResponseWriter, status int, contentType string, body []byte) {
	header := w.Header()
	header["Content-Type"] = []string{contentType}
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	// A failing write means that the client is gone; there is nobody to tell.
	_, _ = w.Write(body)
}

// AllowOnly lets requests of some methods through, and has others refused with 405 and the
// header Allow.
func AllowOnly(serve http.HandlerFunc, refuse func(w http.ResponseWriter, status int, problem string), methods ...string) http.HandlerFunc {
	allow := strings.Join(methods, ", ")
	return func(w http.ResponseWriter, r *http.Request) {
		if slices.Contains(methods, r.Method) {
			serve(w, r)
			return
		}
		w.Header().Set("Allow", allow)
		refuse(w, http.StatusMethodNotAllowed, fmt.Sprintf("method %s is not allowed here, want %s", r.Method, allow))
	}
}
