package datafile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"servebench/generators"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonLines is JSON Lines: an object on each line that is not blank.
type jsonLines struct{}

// maxColumns bounds the names of a file's columns, which are kept.
const maxColumns = 10_000

func (jsonLines) scan(body io.Reader, header func([]string), record func(int64, []generators.Value)) error {
	r := bufio.NewReaderSize(body, readSize)
	o := object{index: map[string]int{}, grows: true}
	var names []string
	var wrong faults
	var values []generators.Value
	var buffer []byte
	offset := int64(0)
	for number := 1; ; number++ {
		line, err := readLine(r, &buffer)
		if err == io.EOF {
			return errors.Join(wrong...)
		}
		at := offset
		offset += int64(len(line))
		problem := ""
		switch {
		case err == errLongLine:
			return errors.Join(append(wrong, &lineError{number, err.Error()})...)
		case err != nil:
			return err
		case len(bytes.TrimSpace(line)) == 0:
			continue
		}
		if values, err = o.read(string(line), values[:0]); err != nil {
			problem = err.Error()
		}
		if len(o.names) > len(names) {
			names = o.names
			header(names)
		}
		if problem != "" {
			if !wrong.add(number, problem) {
				return errors.Join(wrong...)
			}
			continue
		}
		record(at, values)
	}
}

var errLongLine = fmt.Errorf("it is longer than %d MiB", longestRecord>>20)

// readLine returns the next line with its end. It stays valid until the next call. The
// error is io.EOF where there is none.
func readLine(r *bufio.Reader, buffer *[]byte) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err == nil || err == io.EOF && len(line) > 0 {
		return line, nil
	}
	*buffer = (*buffer)[:0]
	for err == bufio.ErrBufferFull {
		*buffer = append(*buffer, line...)
		if len(*buffer) > longestRecord {
			return nil, errLongLine
		}
		line, err = r.ReadSlice('\n')
	}
	*buffer = append(*buffer, line...)
	if err == io.EOF && len(*buffer) > 0 {
		err = nil
	}
	return *buffer, err
}

// object reads objects into values by column.
type object struct {
	index map[string]int // of the columns, by name
	names []string       // of the columns, in their order, where the object grows
	grows bool           // whether an unknown name is a new column
	text  strings.Reader
	dec   jsontext.Decoder
}

// read appends the values of the object on a line, which they share the memory of.
func (o *object) read(line string, into []generators.Value) ([]generators.Value, error) {
	start := len(into)
	for range len(o.index) {
		into = append(into, generators.Value{})
	}
	o.text.Reset(line)
	o.dec.Reset(&o.text, jsontext.AllowDuplicateNames(true))
	if kind := o.dec.PeekKind(); kind != '{' {
		if kind == 0 {
			_, err := o.dec.ReadToken()
			return into, problemOf(err)
		}
		return into, fmt.Errorf("%s is not an object; want {\"column\": value, …}", head(line))
	}
	if _, err := o.dec.ReadToken(); err != nil {
		return into, problemOf(err)
	}
	for o.dec.PeekKind() == '"' {
		token, err := o.dec.ReadToken()
		if err != nil {
			return into, problemOf(err)
		}
		name := token.String()
		value, err := o.dec.ReadValue()
		if err != nil {
			return into, problemOf(err)
		}
		column, known := o.index[name]
		if !known {
			if !o.grows {
				continue
			}
			if len(o.names) == maxColumns {
				return into, fmt.Errorf("column %q is one more than %d, the most that a file may have", name, maxColumns)
			}
			column = len(o.names)
			o.index[name], o.names = column, append(o.names, name)
			into = append(into, generators.Value{})
		}
		if into[start+column].Text != "" {
			return into, fmt.Errorf("column %q is there twice", name)
		}
		end := int(o.dec.InputOffset())
		into[start+column] = generators.Value{Text: line[end-len(value) : end], JSON: true}
	}
	if _, err := o.dec.ReadToken(); err != nil {
		return into, problemOf(err)
	}
	if _, err := o.dec.ReadToken(); err != io.EOF {
		return into, errors.New("there is more on the line than one object")
	}
	return into, nil
}

// problemOf is an error of the decoder as a fault of the line.
func problemOf(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the JSON is not complete")
	}
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return fmt.Errorf("character %d: %w", e.ByteOffset+1, e.Err)
	}
	return err
}

// head is how a line begins.
func head(line string) string {
	line = strings.TrimSpace(line)
	if len(line) > 40 {
		line = strings.ToValidUTF8(line[:40], "") + "…"
	}
	return line
}

func (jsonLines) cursor(columns []Column) cursor {
	c := &jsonCursor{object: object{index: map[string]int{}}}
	for i, column := range columns {
		c.index[column.Name] = i
	}
	return c
}

type jsonCursor struct {
	object
	part   []byte
	offset int
}

func (c *jsonCursor) reset(part []byte) { c.part, c.offset = part, 0 }
func (c *jsonCursor) at() int           { return c.offset }

func (c *jsonCursor) skip() error {
	_, err := c.line()
	return err
}

// line returns the next line that is not blank.
func (c *jsonCursor) line() ([]byte, error) {
	for c.offset < len(c.part) {
		line := c.part[c.offset:]
		if end := bytes.IndexByte(line, '\n'); end >= 0 {
			line = line[:end+1]
		}
		c.offset += len(line)
		if len(bytes.TrimSpace(line)) > 0 {
			return line, nil
		}
	}
	return nil, io.EOF
}

func (c *jsonCursor) next(into []generators.Value) ([]generators.Value, error) {
	line, err := c.line()
	if err != nil {
		return nil, err
	}
	return c.read(string(line), into)
}
