// Package export writes a generator's examples as text for other tools: one
// file per format. It stands beside the main flow, in which a protocol turns
// the same examples into requests.
//
// Every format prints the features in the order of the schema, then the
// human-readable columns if the examples have them, then label (the class
// observed) and truth (the class before label noise). A categorical feature
// prints as the name of its category, a class as its name, and a number in the
// shortest form that reads back as the same float32.
package export

import (
	"fmt"
	"io"

	"servebench/generators"
)

// Format is a text format's entry in the list that the CLI and its help are
// made from.
type Format struct {
	Name string
	Doc  string // one sentence
	// New returns a writer of examples of the schema.
	New func(io.Writer, generators.Schema) Writer
}

// Writer writes examples one after another through a buffer of its own. It is
// for one goroutine.
type Writer interface {
	// Write adds an example. It fails when the example does not fit the
	// schema, when it has human-readable columns and the first one had none or
	// the other way round, and when the underlying writer fails.
	Write(generators.Example) error
	// Close writes what is buffered. It does not close the underlying writer.
	Close() error
}

// Formats returns the formats in the order of the help text.
func Formats() []Format {
	return []Format{
		{Name: "jsonl", Doc: "One JSON object per line.", New: newJSONL},
		{Name: "csv", Doc: "Comma-separated values with a header line (RFC 4180, lines end in LF).", New: newCSV},
	}
}

// The columns that every format adds after the schema's.
const (
	labelColumn = "label"
	truthColumn = "truth"
)

// stream collects bytes and passes them on in large pieces.
type stream struct {
	w   io.Writer
	buf []byte
}

// pieceSize is how many bytes a stream collects; a pipe on Linux holds as many.
const pieceSize = 64 << 10

func newStream(w io.Writer) stream {
	return stream{w: w, buf: make([]byte, 0, pieceSize+4096)}
}

// flush passes the bytes on if there are at least limit of them.
func (s *stream) flush(limit int) error {
	if len(s.buf) < limit || len(s.buf) == 0 {
		return nil
	}
	_, err := s.w.Write(s.buf)
	s.buf = s.buf[:0]
	if err != nil {
		return fmt.Errorf("export examples: %w", err)
	}
	return nil
}
