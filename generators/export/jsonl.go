package export

import (
	"io"
	"unicode/utf8"

	"servebench/generators"
)

type jsonl struct {
	stream
	layout     layout
	keys       [][]byte   // of the features, with the punctuation around them
	fieldKeys  [][]byte   // of the human-readable columns
	categories [][][]byte // by feature
	classes    [][]byte
}

func newJSONL(w io.Writer, schema generators.Schema) Writer {
	j := &jsonl{
		stream:     newStream(w),
		layout:     layout{schema: schema},
		categories: encodeCategories(schema.Features, appendJSONString),
		classes:    encodeNames(schema.Classes, appendJSONString),
	}
	for _, f := range schema.Features {
		j.keys = append(j.keys, key(f.Name))
	}
	for _, name := range schema.Fields {
		j.fieldKeys = append(j.fieldKeys, key(name))
	}
	return j
}

// key returns `,"name":`. The first key's comma gives way to the brace that opens
// the object.
func key(name string) []byte {
	return append(appendJSONString([]byte{','}, name), ':')
}

func (j *jsonl) Write(e generators.Example) error {
	if err := j.layout.admit(e); err != nil {
		return err
	}
	start := len(j.buf)
	b := j.buf
	for i, v := range e.Features {
		b = append(b, j.keys[i]...)
		b = appendJSONNumber(b, v, j.categories[i])
	}
	for i, v := range e.Fields {
		b = append(b, j.fieldKeys[i]...)
		if v.JSON {
			b = append(b, v.Text...)
		} else {
			b = appendJSONString(b, v.Text)
		}
	}
	b = append(b, `,"`+labelColumn+`":`...)
	b = append(b, j.classes[e.Label.Label]...)
	b = append(b, `,"`+truthColumn+`":`...)
	b = append(b, j.classes[e.Truth]...)
	b[start] = '{'
	j.buf = append(b, '}', '\n')
	return j.flushFrom(pieceSize)
}

func (j *jsonl) Close() error { return j.flushFrom(0) }

// appendJSONNumber appends a feature. JSON has no NaN and no infinity: they
// become null, a missing value.
func appendJSONNumber(b []byte, v float32, names [][]byte) []byte {
	if i, ok := categoryOf(v, names); ok {
		return append(b, names[i]...)
	}
	if !isFinite(v) {
		return append(b, "null"...)
	}
	return appendNumber(b, v)
}

const hexDigits = "0123456789abcdef"

// appendJSONString appends s quoted (RFC 8259, section 7). Bytes that are not
// UTF-8 become U+FFFD.
func appendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
