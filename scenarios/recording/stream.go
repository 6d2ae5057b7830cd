package recording

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// asWritten reads the JSON of other programs as it is.
var asWritten = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// firstKeys are the keys of the first object in the beginning of a file, as far as that
// shows them.
func firstKeys(head []byte) map[string]bool {
	keys := map[string]bool{}
	d := jsontext.NewDecoder(bytes.NewReader(head), asWritten...)
	if first, err := d.ReadToken(); err != nil || first.Kind() != '{' {
		return keys
	}
	for {
		name, err := d.ReadToken()
		if err != nil || name.Kind() != '"' {
			return keys
		}
		keys[name.String()] = true
		if d.SkipValue() != nil {
			return keys
		}
	}
}

// stream reads one JSON document piece by piece.
type stream struct {
	in *input
	*jsontext.Decoder
}

func newStream(in *input) stream {
	return stream{in, jsontext.NewDecoder(in.text, asWritten...)}
}

// errStop ends a member's or an element's function without an error, as it has seen
// enough.
var errStop = errors.New("seen enough")

// members hands each member of the object that comes next to a function, which reads
// its value or returns false to have it skipped.
func (s stream) members(of string, each func(name string) (bool, error)) error {
	if err := s.begin('{', of); err != nil {
		return err
	}
	for s.PeekKind() == '"' {
		token, err := s.ReadToken()
		if err != nil {
			return s.failed(err)
		}
		read, err := each(token.String())
		if err == nil && !read {
			err = s.failed(s.SkipValue())
		}
		if err != nil {
			return err
		}
	}
	_, err := s.ReadToken()
	return s.failed(err)
}

// elements hands each element of the array that comes next to a function, which reads
// it.
func (s stream) elements(of string, each func() error) error {
	if err := s.begin('[', of); err != nil {
		return err
	}
	for {
		switch s.PeekKind() {
		case ']':
			_, err := s.ReadToken()
			return s.failed(err)
		case 0, '}':
			_, err := s.ReadToken() // which says what is wrong
			return s.failed(err)
		}
		if err := each(); err != nil {
			return err
		}
	}
}

func (s stream) begin(kind jsontext.Kind, of string) error {
	want := map[jsontext.Kind]string{'{': "an object", '[': "a list"}[kind]
	if got := s.PeekKind(); got != kind && got != 0 {
		return s.in.fault(s.line(s.InputOffset()), of, "it is not "+want, want)
	}
	_, err := s.ReadToken()
	return s.failed(err)
}

// failed is an error of the decoder in terms of the file.
func (s stream) failed(err error) error {
	if err == nil || isCut(err) {
		return err
	}
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		if errors.Is(syntax.Err, io.ErrUnexpectedEOF) {
			return io.ErrUnexpectedEOF
		}
		return &notJSON{line: s.line(syntax.ByteOffset), pointer: string(syntax.JSONPointer)}
	}
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// notJSON says that a document is none from a place on.
type notJSON struct {
	line    int
	pointer string
}

func (e *notJSON) Error() string { return fmt.Sprintf("line %d (%s) is not JSON", e.line, e.pointer) }

// line is the number of the line at an offset, which is counted in the file anew, since
// it is asked for seldom.
func (s stream) line(offset int64) int {
	again, err := openInput(s.in.path, s.in.options)
	if err != nil {
		return 0
	}
	defer again.close()
	number := 1
	for buffer := make([]byte, 32<<10); offset > 0; {
		n, err := again.text.Read(buffer[:min(int64(len(buffer)), offset)])
		number += bytes.Count(buffer[:n], []byte{'\n'})
		if offset -= int64(n); err != nil {
			break
		}
	}
	return number
}

// finish is how reading the document ended. What came before its end, or before what is
// wrong with it, is kept, where there is anything.
func (s stream) finish(err error, entries int) error {
	wrong, isWrong := errors.AsType[*notJSON](err)
	switch {
	case err == nil || errors.Is(err, errStop):
		return nil
	case isCut(err):
		s.in.cutOff = fmt.Sprintf("%s %d", s.in.options.format.unit, entries+1)
		return nil
	case isWrong && entries > 0:
		s.in.cutOff = fmt.Sprintf("%s %d, where line %d is not JSON", s.in.options.format.unit, entries+1, wrong.line)
		return nil
	case isWrong:
		return s.in.fault(wrong.line, wrong.pointer, "this is not JSON", "")
	}
	return err
}
