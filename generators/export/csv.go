package export

import (
	"io"
	"strings"

	"servebench/generators"
)

type csv struct {
	stream
	layout     layout
	categories [][][]byte // by feature
	classes    [][]byte
	headed     bool // the header is written
}

func newCSV(w io.Writer, schema generators.Schema) Writer {
	return &csv{
		stream:     newStream(w),
		layout:     layout{schema: schema},
		categories: encodeCategories(schema.Features, appendCSVField),
		classes:    encodeNames(schema.Classes, appendCSVField),
	}
}

func (c *csv) Write(e generators.Example) error {
	if err := c.layout.admit(e); err != nil {
		return err
	}
	c.head()
	b := c.buf
	for i, v := range e.Features {
		b = append(appendCSVNumber(b, v, c.categories[i]), ',')
	}
	for _, v := range e.Fields {
		b = append(appendCSVField(b, v.Text), ',')
	}
	b = append(append(b, c.classes[e.Label.Label]...), ',')
	c.buf = append(append(b, c.classes[e.Truth]...), '\n')
	return c.flushFrom(pieceSize)
}

// Close writes the header too if there was no example.
func (c *csv) Close() error {
	c.head()
	return c.flushFrom(0)
}

func (c *csv) head() {
	if c.headed {
		return
	}
	c.headed = true
	for i, name := range c.layout.columnNames() {
		if i > 0 {
			c.buf = append(c.buf, ',')
		}
		c.buf = appendCSVField(c.buf, name)
	}
	c.buf = append(c.buf, '\n')
}

// appendCSVNumber appends a feature. NaN and the infinities become an empty
// field, a missing value.
func appendCSVNumber(b []byte, v float32, names [][]byte) []byte {
	if i, ok := categoryOf(v, names); ok {
		return append(b, names[i]...)
	}
	if !isFinite(v) {
		return b
	}
	return appendNumber(b, v)
}

// appendCSVField appends s, in quotes where RFC 4180 asks for them and where a
// reader might trim white space.
func appendCSVField(b []byte, s string) []byte {
	if !strings.ContainsAny(s, ",\"\r\n") && s == strings.TrimSpace(s) {
		return append(b, s...)
	}
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}
