package attack

import (
	"bufio"
	"bytes"
	"io"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// rawQueue is how many results may wait to be written: some seconds of a fast
// load, so that a disk's hiccup does not reach the recording.
const rawQueue = 16 << 10

// rawBody is how much of an answer's body the stream has, as with vegeta's own
// -max-body: more of all that wait to be written would fill the memory.
const rawBody = 4 << 10

// rawWriter writes vegeta's own result stream.
type rawWriter struct {
	buffer   *bufio.Writer
	encode   vegeta.Encoder
	requests []request
	order    order
}

func newRawWriter(w io.Writer, requests []request, o order) *rawWriter {
	buffer := bufio.NewWriterSize(w, 64<<10)
	return &rawWriter{buffer: buffer, encode: vegeta.NewEncoder(buffer), requests: requests, order: o}
}

// complete puts what became of the request in the place of what vegeta was told.
// The flight is free to be used again then.
func (w *rawWriter) complete(r *vegeta.Result, f *flight) {
	r.Seq = f.seq
	r.Code, r.Error, r.Headers = uint16(f.status), "", f.header
	r.Body, r.BytesIn = bytes.Clone(f.body[:min(len(f.body), rawBody)]), uint64(f.length)
	switch {
	case f.failure != nil:
		r.Code, r.Error = 0, f.failure.Error()
	case f.status < 200 || f.status >= 400: // what vegeta calls an error
		r.Error = f.reason
	}
}

// write puts what was really sent in the place of the placeholder and encodes
// the result.
func (w *rawWriter) write(r *vegeta.Result) error {
	q := w.requests[w.order.at(r.Seq)]
	r.Method, r.URL, r.BytesOut = q.method, q.url, uint64(q.length)
	return w.encode(r)
}

func (w *rawWriter) flush() error { return w.buffer.Flush() }
