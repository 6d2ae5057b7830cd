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
	"strconv"

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

// flushFrom passes the bytes on if there are at least limit of them.
func (s *stream) flushFrom(limit int) error {
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

// layout checks that examples fit the schema and each other.
type layout struct {
	schema   generators.Schema
	started  bool // an example was admitted
	readable bool // it had human-readable columns
}

func (l *layout) admit(e generators.Example) error {
	if len(e.Features) != len(l.schema.Features) {
		return fmt.Errorf("export example: it has %d features, the schema %d", len(e.Features), len(l.schema.Features))
	}
	if n := len(e.Fields); n != 0 && n != len(l.schema.Fields) {
		return fmt.Errorf("export example: it has %d fields, the schema %d", n, len(l.schema.Fields))
	}
	if e.Label.Kind != generators.Class {
		return fmt.Errorf("export example: its label is not a class")
	}
	for _, class := range [...]int{e.Label.Label, e.Truth} {
		if class < 0 || class >= len(l.schema.Classes) {
			return fmt.Errorf("export example: class %d is not one of the schema's %d", class, len(l.schema.Classes))
		}
	}
	readable := len(e.Fields) > 0
	if l.started && readable != l.readable {
		return fmt.Errorf("export example: human-readable columns must be in all examples or in none")
	}
	l.started, l.readable = true, readable
	return nil
}

func (l *layout) columnNames() []string {
	var names []string
	for _, f := range l.schema.Features {
		names = append(names, f.Name)
	}
	if l.readable {
		names = append(names, l.schema.Fields...)
	}
	return append(names, labelColumn, truthColumn)
}

func categoryOf(v float32, names [][]byte) (int, bool) {
	i := int(v)
	return i, i >= 0 && i < len(names) && float32(i) == v
}

// encodeCategories applies an encoding to every category name, once for all examples.
func encodeCategories(features []generators.Feature, encode func([]byte, string) []byte) [][][]byte {
	names := make([][][]byte, len(features))
	for i, f := range features {
		names[i] = encodeNames(f.Categories, encode)
	}
	return names
}

func encodeNames(names []string, encode func([]byte, string) []byte) [][]byte {
	out := make([][]byte, len(names))
	for i, name := range names {
		out[i] = encode(nil, name)
	}
	return out
}

// wholeLimit is the first size from which float32 leaves out whole numbers.
const wholeLimit = 1 << 24

// appendNumber appends the shortest decimal that reads back as v, which must be
// finite. Whole numbers take a short cut.
func appendNumber(b []byte, v float32) []byte {
	if v > -wholeLimit && v < wholeLimit && float32(int32(v)) == v {
		return strconv.AppendInt(b, int64(v), 10)
	}
	return strconv.AppendFloat(b, float64(v), 'g', -1, 32)
}

func isFinite(v float32) bool { return v-v == 0 }
