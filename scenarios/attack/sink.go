package attack

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"

	"servebench/targets"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// sink hands values to a goroutine that writes them, so that a slow disk does
// not hold up the recording. Its queue is bounded: when it is full, put waits
// and counts a stall, so that nothing is lost and nothing is hidden.
type sink[T any] struct {
	queue  chan T
	stalls int64 // of put's goroutine
	err    error // the first one; of the writing goroutine until done is closed
	done   chan struct{}
}

// newSink starts a sink. After the first error nothing more is written; onError
// is called then, once.
func newSink[T any](capacity int, write func(T) error, onError func()) *sink[T] {
	s := &sink[T]{queue: make(chan T, capacity), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		for v := range s.queue {
			if s.err != nil {
				continue
			}
			if s.err = write(v); s.err != nil {
				onError()
			}
		}
	}()
	return s
}

// put queues a value. It is for one goroutine.
func (s *sink[T]) put(v T) {
	select {
	case s.queue <- v:
	default:
		s.stalls++
		s.queue <- v
	}
}

// close waits until everything queued is written and returns the first error.
func (s *sink[T]) close() error {
	close(s.queue)
	<-s.done
	return s.err
}

// rawQueue is how many results may wait to be written: some seconds of a fast
// load, so that a disk's hiccup does not reach the recording.
const rawQueue = 16 << 10

// rawBody is how much of an answer's body the stream has, as with vegeta's own
// -max-body: more of all that wait to be written would fill the memory.
const rawBody = 4 << 10

type rawWriter struct {
	buffer *bufio.Writer
	encode vegeta.Encoder
	redact func(string) string // nil: there are no secrets
}

func newRawWriter(w io.Writer, redact func(string) string) *rawWriter {
	buffer := bufio.NewWriterSize(w, 64<<10)
	return &rawWriter{buffer: buffer, encode: vegeta.NewEncoder(buffer), redact: redact}
}

// completeResult puts what was really sent, and what became of it, in the place of what
// vegeta was told. The flight is free to be used again then.
func (w *rawWriter) completeResult(r *vegeta.Result, f *flight) {
	o, m := &f.outcome, f.request.message
	r.Seq = f.seq
	r.Method, r.URL, r.BytesOut = m.Method, m.URL, uint64(len(m.Body))
	r.Code, r.Error, r.Headers = uint16(o.Status), "", o.Header
	r.Body, r.BytesIn = bytes.Clone(o.Body[:min(len(o.Body), rawBody)]), uint64(o.Length)
	switch {
	case f.failure != nil:
		r.Code, r.Error = 0, targets.Explain(f.failure).Error()
	case o.Status < 200 || o.Status >= 400: // what vegeta calls an error
		r.Error = o.Reason
	}
}

func (w *rawWriter) write(r *vegeta.Result) error {
	if w.redact != nil {
		w.withoutSecrets(r)
	}
	return w.encode(r)
}

// withoutSecrets takes the secrets out of the texts of a result, of which only BytesIn
// still says how long the body was.
func (w *rawWriter) withoutSecrets(r *vegeta.Result) {
	r.URL, r.Error, r.Body = w.redact(r.URL), w.redact(r.Error), []byte(w.redact(string(r.Body)))
	header := http.Header{}
	for name, values := range r.Headers {
		for _, value := range values {
			header[name] = append(header[name], w.redact(value))
		}
	}
	r.Headers = header
}

func (w *rawWriter) flush() error { return w.buffer.Flush() }

// RedactRaw returns a writer of what came to Raw elsewhere, which hands it on without the
// secrets that are known here. Its Close waits until all of it is.
func RedactRaw(to io.Writer, redact func(string) string) io.WriteCloser {
	reader, writer := io.Pipe()
	r := &redacting{writer, make(chan error, 1)}
	go func() {
		err := newRawWriter(to, redact).copy(vegeta.NewDecoder(reader))
		reader.CloseWithError(err)
		r.done <- err
	}()
	return r
}

// redacting is the writer of RedactRaw.
type redacting struct {
	*io.PipeWriter
	done chan error
}

// Close implements io.Closer.
func (r *redacting) Close() error {
	r.PipeWriter.Close()
	return <-r.done
}

// copy writes results to their end, or to where they break off.
func (w *rawWriter) copy(decode vegeta.Decoder) error {
	for {
		var r vegeta.Result
		err := decode(&r)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return w.flush()
		}
		if err == nil {
			err = w.write(&r)
		}
		if err != nil {
			return errors.Join(err, w.flush())
		}
	}
}
