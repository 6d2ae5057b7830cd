package attack

import (
	"bufio"
	"io"
	"strings"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// rawQueue is how many results may wait to be written: some seconds of a fast
// load, so that a disk's hiccup does not reach the recording.
const rawQueue = 16 << 10

// rawWriter writes vegeta's own result stream.
type rawWriter struct {
	buffer    *bufio.Writer
	encode    vegeta.Encoder
	templates []template
	order     order
}

func newRawWriter(w io.Writer, templates []template, o order) *rawWriter {
	buffer := bufio.NewWriterSize(w, 64<<10)
	return &rawWriter{buffer: buffer, encode: vegeta.NewEncoder(buffer), templates: templates, order: o}
}

// write puts what was really sent in the place of the placeholder and encodes
// the result.
func (w *rawWriter) write(r *vegeta.Result) error {
	t := w.templates[w.order.at(r.Seq)]
	r.Method, r.URL, r.BytesOut = t.request.Method, t.request.URL.String(), uint64(len(t.body))
	r.Error = strings.TrimPrefix(r.Error, `Post "`+placeholderURL+`": `)
	return w.encode(r)
}

func (w *rawWriter) flush() error { return w.buffer.Flush() }
