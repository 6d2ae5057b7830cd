package v2

import (
	"fmt"
	"slices"
	"strconv"

	"servebench/generators"
	"servebench/targets/protocol/jsonbody"
)

// elementType is how the elements of a tensor are read as numbers.
type elementType struct {
	generators.Datatype
	classes []string // of BYTES: the text names a class, or is its number
}

func numericType(name []byte) (typ elementType, known bool) {
	d := generators.DatatypeNamed(string(name))
	return elementType{Datatype: d}, jsonbody.IsNumeric(d)
}

// readValue consumes one element. The problem is "" when it is one and its value fits.
func (t elementType) readValue(s *jsonbody.Scanner) (v float64, problem string) {
	if t.Datatype == generators.BYTES {
		return t.readClass(s)
	}
	return jsonbody.ReadNumber(s, t.Datatype)
}

func (t elementType) readClass(s *jsonbody.Scanner) (v float64, problem string) {
	if s.Peek() != '"' {
		problem = fmt.Sprintf("want %s, got %s", t.Datatype, s.Kind())
		s.Skip()
		return 0, problem
	}
	text := s.Text()
	if i := slices.Index(t.classes, string(text)); i >= 0 {
		return float64(i), ""
	}
	if n, err := strconv.ParseUint(string(text), 10, 31); err == nil {
		return float64(n), ""
	}
	want := "the number of a class"
	if len(t.classes) > 0 {
		want = fmt.Sprintf("one of %q or its number, 0…%d", t.classes, len(t.classes)-1)
	}
	return 0, fmt.Sprintf("%q is no label, want %s", jsonbody.Shorten(text), want)
}
