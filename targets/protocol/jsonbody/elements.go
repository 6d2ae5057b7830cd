package jsonbody

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"servebench/generators"
)

// IsNumeric reports whether a datatype is of numbers that have a JSON form, BOOL among
// them. FP16 and BF16 have none in the Open Inference Protocol.
func IsNumeric(d generators.Datatype) bool {
	return generators.BOOL <= d && d < generators.BYTES && d != generators.FP16 && d != generators.BF16
}

// NumericNames lists the datatypes that IsNumeric.
func NumericNames() string {
	var names []string
	for _, d := range []generators.Datatype{generators.FP32, generators.FP64} {
		names = append(names, d.String())
	}
	for d := generators.INT8; d <= generators.INT64; d++ {
		names = append(names, d.String())
	}
	for d := generators.UINT8; d <= generators.UINT64; d++ {
		names = append(names, d.String())
	}
	return strings.Join(append(names, generators.BOOL.String()), ", ")
}

// ReadNumber consumes one element of a numeric datatype. The problem is "" when it is
// one and its value fits. In a floating datatype null is a missing value: NaN. Integers
// beyond 2^53 are rounded.
func ReadNumber(s *Scanner, d generators.Datatype) (v float64, problem string) {
	switch c := s.Peek(); {
	case d == generators.BOOL && (c == 't' || c == 'f'):
		s.Skip()
		if c == 't' {
			return 1, ""
		}
		return 0, ""
	case d.IsFloat() && c == 'n':
		s.Skip()
		return math.NaN(), ""
	case c == '"', c == '{', c == '[', c == 't', c == 'f', c == 'n':
		return 0, skipUnwanted(s, d)
	}
	token, bits := s.Number(), bitsOf(d)
	var err error
	switch {
	case generators.INT8 <= d && d <= generators.INT64:
		var n int64
		n, err = strconv.ParseInt(string(token), 10, bits)
		v = float64(n)
	case d.IsFloat():
		v, err = strconv.ParseFloat(string(token), bits)
	default: // a BOOL as 0 or 1, which Triton takes and writes as well
		var n uint64
		n, err = strconv.ParseUint(string(token), 10, bits)
		v = float64(n)
	}
	if err != nil {
		return 0, describeNumber(token, d, err)
	}
	return v, ""
}

func bitsOf(d generators.Datatype) int {
	if d == generators.BOOL {
		return 1
	}
	return 8 * d.Size()
}

func skipUnwanted(s *Scanner, d generators.Datatype) (problem string) {
	problem = fmt.Sprintf("want %s, got %s", d, s.Kind())
	s.Skip()
	return problem
}

func describeNumber(token []byte, d generators.Datatype, err error) (problem string) {
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Sprintf("%s is out of the range of %s", Shorten(token), d)
	}
	return fmt.Sprintf("%s is not of datatype %s", Shorten(token), d)
}

// appendElement consumes one element of a datatype and appends it as a Tensor holds it.
// 64-bit integers keep all their digits.
func appendElement(dst []byte, s *Scanner, d generators.Datatype) (data []byte, problem string) {
	switch {
	case d == generators.BYTES:
		if s.Peek() != '"' {
			return dst, skipUnwanted(s, d)
		}
		text := s.Text()
		return generators.AppendBytes(dst, text), ""
	case d == generators.INT64 || d == generators.UINT64:
		return appendLong(dst, s, d)
	}
	v, problem := ReadNumber(s, d)
	switch d {
	case generators.FP32:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(v))), problem
	case generators.FP64:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v)), problem
	}
	switch n := int64(v); d.Size() {
	case 1:
		return append(dst, byte(n)), problem
	case 2:
		return binary.LittleEndian.AppendUint16(dst, uint16(n)), problem
	default:
		return binary.LittleEndian.AppendUint32(dst, uint32(n)), problem
	}
}

func appendLong(dst []byte, s *Scanner, d generators.Datatype) (data []byte, problem string) {
	switch s.Peek() {
	case '"', '{', '[', 't', 'f', 'n':
		return dst, skipUnwanted(s, d)
	}
	token := s.Number()
	var n uint64
	var err error
	if d == generators.INT64 {
		var signed int64
		signed, err = strconv.ParseInt(string(token), 10, 64)
		n = uint64(signed)
	} else {
		n, err = strconv.ParseUint(string(token), 10, 64)
	}
	if err != nil {
		problem = describeNumber(token, d, err)
	}
	return binary.LittleEndian.AppendUint64(dst, n), problem
}

// ReadElements reads the text of an array, as Raw returned it, as the elements of a
// tensor, flat, or nested as its shape is, and fills the tensor's Data. What does not fit
// is a fault of the field data of item i of the list.
func (r *Reader) ReadElements(t *generators.Tensor, text []byte, i int) {
	e := elementReader{Reader: Reader{Scanner: Scanner{Src: text}, List: r.List}, tensor: t, at: i}
	// Every element takes two bytes of text or more: what the shape says is not trusted with
	// memory.
	t.Data = slices.Grow(t.Data, max(0, min(t.Len(), len(text)/2+1))*t.Datatype.Size())
	if len(t.Shape) > 1 && e.StartsNested() {
		e.readArray(t.Shape)
	} else {
		e.readRow(int64(t.Len()))
	}
	for _, fault := range e.Faults {
		r.Fault("%s", fault)
	}
}

// StartsNested reports whether an array of arrays is next.
func (s *Scanner) StartsNested() bool {
	ahead := *s
	return ahead.Accept('[') && ahead.Peek() == '['
}

type elementReader struct {
	Reader
	tensor *generators.Tensor
	at     int // in the list
	count  int // of the elements read so far
}

func (e *elementReader) readArray(shape []int64) {
	if !e.Expect('[', e.at, "data") {
		return
	}
	if len(shape) == 1 {
		e.readRow(shape[0])
		return
	}
	n := int64(0)
	for range e.Array {
		n++
		e.readArray(shape[1:])
	}
	e.checkCount(n, shape[0])
}

func (e *elementReader) readRow(want int64) {
	if !e.Expect('[', e.at, "data") {
		return
	}
	n := int64(0)
	for range e.Array {
		var problem string
		if e.tensor.Data, problem = appendElement(e.tensor.Data, &e.Scanner, e.tensor.Datatype); problem != "" {
			e.Fault("%s[%d]: %s", e.Field(e.at, "data"), e.count, problem)
		}
		n++
		e.count++
	}
	e.checkCount(n, want)
}

func (e *elementReader) checkCount(n, want int64) {
	if n != want {
		e.Fault("%s: an array of %d values, where the shape %s wants %d", e.Field(e.at, "data"), n, e.tensor.ShapeText(), want)
	}
}
