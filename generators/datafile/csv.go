package datafile

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"servebench/generators"
)

// commaSeparated is CSV as in RFC 4180, with a header. Lines end in CRLF or LF.
type commaSeparated struct{}

func (commaSeparated) scan(body io.Reader, header func([]string), record func(int64, []generators.Value)) error {
	guarded := &guard{Reader: body, left: longestRecord}
	r := csv.NewReader(bufio.NewReaderSize(guarded, readSize))
	r.ReuseRecord = true
	var wrong faults
	names, err := r.Read()
	if err == nil {
		names, err = headerNames(names)
	}
	switch {
	case err == io.EOF:
		return nil
	case err != nil:
		return lineFault(err, 0)
	}
	header(names)
	values := make([]generators.Value, len(names))
	line, _ := r.FieldPos(0)
	for {
		offset := r.InputOffset()
		guarded.left = longestRecord
		fields, err := r.Read()
		if err == io.EOF {
			return errors.Join(wrong...)
		}
		if err == nil || errors.Is(err, csv.ErrFieldCount) {
			line, _ = r.FieldPos(0)
		}
		if errors.Is(err, csv.ErrFieldCount) {
			if !wrong.add(line, fmt.Sprintf("%d fields, and the header has %d", len(fields), len(names))) {
				return errors.Join(wrong...)
			}
			continue
		}
		if err != nil { // and where the next record begins is not known
			return errors.Join(append(wrong, lineFault(err, line))...)
		}
		valid := true
		for i, text := range fields {
			values[i].Text = text
			valid = valid && utf8.ValidString(text)
		}
		if !valid && !wrong.add(line, notUTF8) {
			return errors.Join(wrong...)
		}
		record(offset, values)
	}
}

const notUTF8 = "it is not text in UTF-8; convert it, as by iconv -f latin1 -t utf-8"

// headerNames are the names of the columns. A column may have none, as the one in which
// programs write the numbers of rows.
func headerNames(fields []string) ([]string, error) {
	if len(fields) > maxColumns {
		return nil, &lineError{1, fmt.Sprintf("the header has %d columns; want at most %d", len(fields), maxColumns)}
	}
	names := make([]string, len(fields))
	for i, name := range fields {
		if !utf8.ValidString(name) {
			return nil, &lineError{1, notUTF8}
		}
		name = strings.TrimSpace(name)
		if name != "" && slices.Contains(names, name) {
			return nil, &lineError{1, fmt.Sprintf("the header names column %q twice", name)}
		}
		names[i] = name
	}
	if len(names) == 1 && strings.ContainsAny(names[0], ";\t") {
		return nil, &lineError{1, fmt.Sprintf("the header is a single column, %q; want commas between columns", names[0])}
	}
	return names, nil
}

// lineFault is what is wrong with the record behind a line.
func lineFault(err error, after int) error {
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		problem := fmt.Sprintf("column %d: %v", parse.Column, parse.Err)
		if errors.Is(parse.Err, csv.ErrQuote) || errors.Is(parse.Err, csv.ErrBareQuote) {
			problem += `; want fields with a quote in quotes, and each quote in them twice: "a ""b"""`
		}
		return &lineError{parse.StartLine, problem}
	}
	if errors.Is(err, errLongRecord) {
		return &lineError{after + 1, errLongRecord.Error()}
	}
	return err
}

var errLongRecord = fmt.Errorf("a record of more than %d MiB; is a quote not closed?", longestRecord>>20)

// guard ends a record that is too long to hold, as one with a quote that is never closed.
type guard struct {
	io.Reader
	left int // of the record, and what is read ahead
}

func (g *guard) Read(p []byte) (int, error) {
	if g.left < 0 {
		return 0, errLongRecord
	}
	n, err := g.Reader.Read(p)
	g.left -= n
	return n, err
}

func (commaSeparated) cursor(columns []Column) cursor {
	return &csvCursor{buffered: bufio.NewReader(nil), columns: len(columns)}
}

type csvCursor struct {
	part     bytes.Reader
	buffered *bufio.Reader
	csv      *csv.Reader
	columns  int
}

func (c *csvCursor) reset(part []byte) {
	c.part.Reset(part)
	c.buffered.Reset(&c.part)
	c.csv = csv.NewReader(c.buffered)
	c.csv.ReuseRecord, c.csv.FieldsPerRecord = true, c.columns
}

func (c *csvCursor) at() int { return int(c.csv.InputOffset()) }

func (c *csvCursor) skip() error {
	_, err := c.csv.Read()
	return err
}

func (c *csvCursor) next(into []generators.Value) ([]generators.Value, error) {
	fields, err := c.csv.Read()
	if err != nil {
		return nil, err
	}
	for _, text := range fields {
		into = append(into, generators.Value{Text: text})
	}
	return into, nil
}
