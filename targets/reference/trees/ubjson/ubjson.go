// Package ubjson reads Universal Binary JSON (draft 12), in which XGBoost saves its models
// to .ubj, and gives the same as JSON for package trees to read.
package ubjson

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// maxDepth bounds how deep values may be nested, which a model's are about ten deep.
const maxDepth = 100

// Is reports whether data begins as an object in Universal Binary JSON, and not in JSON or
// another text: with the length of its first key, which is short.
func Is(data []byte) bool {
	if len(data) < 3 || data[0] != '{' || data[2] >= ' ' {
		return false
	}
	switch data[1] {
	case 'L', 'l', 'I', 'i', 'U':
		return true
	}
	return false
}

// ToJSON returns the value that data holds as JSON, of at most about six times the length.
// Numbers keep every bit; those that JSON does not have, NaN and infinities, become null.
// An error names the byte, from 0, at which data goes wrong.
func ToJSON(data []byte) ([]byte, error) {
	r := reader{data: data, out: make([]byte, 0, 2*len(data))}
	marker, err := r.marker()
	if err == nil {
		err = r.value(marker, 0)
	}
	if err == nil && r.at < len(data) {
		err = r.fault("%d bytes follow the value, want none", len(data)-r.at)
	}
	return r.out, err
}

// reader reads data from at on, and writes to out.
type reader struct {
	data, out []byte
	at        int
}

func (r *reader) fault(format string, args ...any) error {
	return fmt.Errorf("not UBJSON at byte %d: "+format, append([]any{r.at}, args...)...)
}

// take returns the next n bytes.
func (r *reader) take(n int64) ([]byte, error) {
	if n < 0 || n > int64(len(r.data)-r.at) {
		return nil, r.fault("it goes on for %d bytes, and %d are left", n, len(r.data)-r.at)
	}
	part := r.data[r.at : r.at+int(n)]
	r.at += int(n)
	return part, nil
}

// marker returns the next byte that is not a no-op.
func (r *reader) marker() (byte, error) {
	for {
		part, err := r.take(1)
		if err != nil {
			return 0, err
		}
		if part[0] != 'N' {
			return part[0], nil
		}
	}
}

// value writes the value that a marker leads.
func (r *reader) value(marker byte, depth int) error {
	switch marker {
	case 'Z':
		r.out = append(r.out, "null"...)
	case 'T':
		r.out = append(r.out, "true"...)
	case 'F':
		r.out = append(r.out, "false"...)
	case 'd', 'D':
		return r.float(marker)
	case 'C':
		return r.text(1)
	case 'S':
		n, err := r.length()
		if err != nil {
			return err
		}
		return r.text(n)
	case '[', '{':
		if depth == maxDepth {
			return r.fault("values are nested more than %d deep", maxDepth)
		}
		return r.container(marker, depth+1)
	case 'i', 'U', 'I', 'l', 'L':
		v, err := r.integer(marker)
		r.out = strconv.AppendInt(r.out, v, 10)
		return err
	default:
		r.at--
		return r.fault("%q begins no value", marker)
	}
	return nil
}

func (r *reader) integer(marker byte) (int64, error) {
	switch marker {
	case 'i', 'U':
		part, err := r.take(1)
		switch {
		case err != nil:
			return 0, err
		case marker == 'i':
			return int64(int8(part[0])), nil
		}
		return int64(part[0]), nil
	case 'I':
		part, err := r.take(2)
		if err != nil {
			return 0, err
		}
		return int64(int16(binary.BigEndian.Uint16(part))), nil
	case 'l':
		part, err := r.take(4)
		if err != nil {
			return 0, err
		}
		return int64(int32(binary.BigEndian.Uint32(part))), nil
	case 'L':
		part, err := r.take(8)
		if err != nil {
			return 0, err
		}
		return int64(binary.BigEndian.Uint64(part)), nil
	}
	r.at--
	return 0, r.fault("%q begins no whole number, as a length has to be", marker)
}

func (r *reader) float(marker byte) error {
	size := 32
	if marker == 'D' {
		size = 64
	}
	part, err := r.take(int64(size / 8))
	if err != nil {
		return err
	}
	v := 0.0
	if size == 32 {
		v = float64(math.Float32frombits(binary.BigEndian.Uint32(part)))
	} else {
		v = math.Float64frombits(binary.BigEndian.Uint64(part))
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		r.out = append(r.out, "null"...)
		return nil
	}
	r.out = strconv.AppendFloat(r.out, v, 'g', -1, size)
	return nil
}

// length reads a length, which is a value of its own.
func (r *reader) length() (int64, error) {
	marker, err := r.marker()
	if err != nil {
		return 0, err
	}
	return r.integer(marker)
}

func (r *reader) text(n int64) error {
	part, err := r.take(n)
	if err != nil {
		return err
	}
	if !utf8.Valid(part) {
		return r.fault("the text before it is not UTF-8")
	}
	quoted, err := json.Marshal(string(part))
	r.out = append(r.out, quoted...)
	return err
}

// container writes a list or an object. Its head may say the type of all values ($), and
// then or instead how many there are (#), in which case nothing ends it.
func (r *reader) container(open byte, depth int) error {
	end := open + 2 // ] of [, } of {
	kind, count, err := r.head()
	if err != nil {
		return err
	}
	r.out = append(r.out, open)
	for i := int64(0); count < 0 || i < count; i++ {
		marker := kind
		if open == '[' && kind == 0 || open == '{' && count < 0 {
			if marker, err = r.marker(); err != nil {
				return err
			}
			if count < 0 && marker == end {
				break
			}
		}
		if i > 0 {
			r.out = append(r.out, ',')
		}
		if open == '{' {
			if count < 0 {
				r.at-- // the marker was the key's length
			}
			if marker, err = r.key(kind); err != nil {
				return err
			}
		}
		if err := r.value(marker, depth); err != nil {
			return err
		}
	}
	r.out = append(r.out, end)
	return nil
}

// key writes a key, and returns the marker of its value.
func (r *reader) key(kind byte) (byte, error) {
	n, err := r.length()
	if err != nil {
		return 0, err
	}
	if err := r.text(n); err != nil {
		return 0, err
	}
	r.out = append(r.out, ':')
	if kind != 0 {
		return kind, nil
	}
	return r.marker()
}

// head reads the type and the number of a container's values: 0 and -1 where it does not say.
func (r *reader) head() (kind byte, count int64, err error) {
	next := func(c byte) bool {
		if r.at < len(r.data) && r.data[r.at] == c {
			r.at++
			return true
		}
		return false
	}
	if next('$') {
		if kind, err = r.marker(); err != nil {
			return 0, 0, err
		}
		switch kind { // the values of these take no bytes, and a short file could hold any number
		case 'Z', 'T', 'F':
			return 0, 0, r.fault("all values of a container are %q, want a type of values that take bytes", kind)
		}
		if !next('#') {
			return 0, 0, r.fault("a container says the type of its values and not their number")
		}
	} else if !next('#') {
		return 0, -1, nil
	}
	if count, err = r.length(); err != nil {
		return 0, 0, err
	}
	if left := int64(len(r.data) - r.at); count < 0 || count > left {
		return 0, 0, r.fault("a container holds %d values, and %d bytes are left", count, left)
	}
	return kind, count, nil
}
