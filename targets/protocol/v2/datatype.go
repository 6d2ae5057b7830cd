package v2

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// numeric is a numeric datatype of the protocol.
type numeric struct {
	name string
	kind numericKind
	bits int

	classes []string // of the kind class
}

type numericKind int

const (
	unknown numericKind = iota
	boolean
	signed
	unsigned
	floating
	class // text that names a class, or is its number
)

// numericTypes are the datatypes of numbers. FP16 and BF16 have no JSON form in the
// protocol.
var numericTypes = [...]numeric{
	{name: "FP32", kind: floating, bits: 32}, {name: "FP64", kind: floating, bits: 64},
	{name: "INT8", kind: signed, bits: 8}, {name: "INT16", kind: signed, bits: 16},
	{name: "INT32", kind: signed, bits: 32}, {name: "INT64", kind: signed, bits: 64},
	{name: "UINT8", kind: unsigned, bits: 8}, {name: "UINT16", kind: unsigned, bits: 16},
	{name: "UINT32", kind: unsigned, bits: 32}, {name: "UINT64", kind: unsigned, bits: 64},
	{name: "BOOL", kind: boolean, bits: 1},
}

func numericType(name []byte) (typ numeric, known bool) {
	for i := range numericTypes {
		if string(name) == numericTypes[i].name {
			return numericTypes[i], true
		}
	}
	return numeric{}, false
}

func numericNames() string {
	var names []string
	for _, t := range numericTypes {
		names = append(names, t.name)
	}
	return strings.Join(names, ", ")
}

// readValue consumes one element of the datatype. The problem is "" when it is one
// and its value fits. In a floating datatype null is a missing value: NaN.
func (t numeric) readValue(s *scanner) (v float64, problem string) {
	switch c := s.peek(); {
	case t.kind == class && c == '"':
		return t.parseClass(s.str())
	case t.kind == boolean && (c == 't' || c == 'f'):
		s.skipValue()
		if c == 't' {
			return 1, ""
		}
		return 0, ""
	case t.kind == floating && c == 'n':
		s.skipValue()
		return math.NaN(), ""
	case c == '"', c == '{', c == '[', c == 't', c == 'f', c == 'n', t.kind == class:
		problem = fmt.Sprintf("want %s, got %s", t.name, s.nextKind())
		s.skipValue()
		return 0, problem
	}
	return t.parseNumber(s.number())
}

func (t numeric) parseClass(text []byte) (v float64, problem string) {
	if i := slices.Index(t.classes, string(text)); i >= 0 {
		return float64(i), ""
	}
	if n, err := strconv.ParseUint(string(text), 10, t.bits); err == nil {
		return float64(n), ""
	}
	want := "the number of a class"
	if len(t.classes) > 0 {
		want = fmt.Sprintf("one of %q or its number, 0…%d", t.classes, len(t.classes)-1)
	}
	return 0, fmt.Sprintf("%q is no label, want %s", shorten(text), want)
}

// parseNumber reads the text of a number. Integers beyond 2^53 are rounded.
func (t numeric) parseNumber(token []byte) (v float64, problem string) {
	var err error
	switch t.kind {
	case signed:
		var n int64
		n, err = strconv.ParseInt(string(token), 10, t.bits)
		v = float64(n)
	case unsigned, boolean: // as 0 or 1, which Triton takes and writes as well
		var n uint64
		n, err = strconv.ParseUint(string(token), 10, t.bits)
		v = float64(n)
	default:
		v, err = strconv.ParseFloat(string(token), t.bits)
	}
	switch {
	case err == nil:
		return v, ""
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Sprintf("%s is out of the range of %s", shorten(token), t.name)
	default:
		return 0, fmt.Sprintf("%s is not of datatype %s", shorten(token), t.name)
	}
}

// shorten keeps what a client sent from filling an error message.
func shorten(text []byte) string {
	const most = 40
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}
