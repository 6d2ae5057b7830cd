package datafile

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"servebench/generators"
)

// ParseTensorType reads the datatype and the shape of a tensor: FP32[3,224,224]. -1 is a
// dimension that varies, [] the shape of a single element.
func ParseTensorType(name, text string) (generators.Tensor, error) {
	datatype, rest, found := strings.Cut(text, "[")
	t := generators.Tensor{Name: name, Datatype: generators.DatatypeNamed(datatype), Shape: []int64{}}
	shape, closed := strings.CutSuffix(rest, "]")
	if t.Datatype == 0 || !found || !closed {
		return t, fmt.Errorf("%q is not a datatype with a shape", text)
	}
	if shape == "" {
		return t, nil
	}
	for part := range strings.SplitSeq(shape, ",") {
		d, err := strconv.ParseInt(part, 10, 64)
		if err != nil || d < -1 {
			return t, fmt.Errorf("%q is not a dimension of a tensor", part)
		}
		t.Shape = append(t.Shape, d)
	}
	return t, nil
}

// parseTensor reads the elements of a tensor: a list as JSON, flat or nested as the shape
// is, a single element, or its bytes as they are sent. Of the dimensions that vary, a
// nested list says all, and any other a single one.
func parseTensor(schema generators.Tensor, v generators.Value) (generators.Tensor, error) {
	t := schema
	t.Shape = append([]int64{}, schema.Shape...)
	if data, ok := v.Bytes(); ok {
		n := 1
		if size := t.Datatype.Size(); size > 0 {
			n = len(data) / size
			t.Data = data
		} else {
			t.Data = generators.AppendBytes(nil, data)
		}
		return t, fillShape(&t, n)
	}
	r := listReader{dec: json.NewDecoder(strings.NewReader(v.Text)), tensor: &t}
	r.dec.UseNumber()
	if !v.JSON && t.Datatype == generators.BYTES && !strings.HasPrefix(v.Text, "[") {
		t.Data = appendBytes(nil, v.Text)
		return t, fillShape(&t, 1)
	}
	if err := r.read(0); err != nil {
		return t, err
	}
	if _, err := r.dec.Token(); err != io.EOF {
		return t, errors.New("there is more behind the list")
	}
	if len(r.shape) == len(t.Shape) && len(r.shape) > 1 {
		for i, d := range r.shape {
			if t.Shape[i] >= 0 && t.Shape[i] != d {
				return t, fmt.Errorf("it has the shape %s, want %s", generators.Tensor{Shape: r.shape}.ShapeText(), schema.ShapeText())
			}
		}
		t.Shape = r.shape
		return t, t.Check()
	}
	if len(r.shape) > 1 {
		return t, fmt.Errorf("its lists are %d deep, want 1 or %d", len(r.shape), len(t.Shape))
	}
	return t, fillShape(&t, r.count)
}

// fillShape finds out the one dimension that varies from the number of elements.
func fillShape(t *generators.Tensor, n int) error {
	known, open := int64(1), -1
	for i, d := range t.Shape {
		switch {
		case d >= 0:
			known *= d
		case open >= 0:
			return fmt.Errorf("two dimensions of %s vary, want lists nested like the shape", t.ShapeText())
		default:
			open = i
		}
	}
	text := t.ShapeText()
	if open >= 0 && known > 0 {
		t.Shape[open] = int64(n) / known
	}
	if t.Len() != n {
		return fmt.Errorf("it has %d elements, which the shape %s does not hold", n, text)
	}
	return t.Check()
}

// listReader reads lists within lists into the data of a tensor.
type listReader struct {
	dec    *json.Decoder
	tensor *generators.Tensor
	shape  []int64
	leaf   int // how deep the elements are; 0 before the first one
	count  int
}

// maxDepth bounds how deep lists nest, far beyond any tensor.
const maxDepth = 64

func (r *listReader) read(depth int) error {
	token, err := r.dec.Token()
	if err != nil {
		return fmt.Errorf("it is not JSON: %w", err)
	}
	if token != json.Delim('[') {
		if r.count > 0 && r.leaf != depth {
			return errors.New("its lists are not equally deep")
		}
		r.leaf = depth
		r.count++
		return r.element(token)
	}
	if depth == maxDepth {
		return fmt.Errorf("its lists are more than %d deep", maxDepth)
	}
	n := int64(0)
	for ; r.dec.More(); n++ {
		if err := r.read(depth + 1); err != nil {
			return err
		}
	}
	if _, err := r.dec.Token(); err != nil {
		return fmt.Errorf("it is not JSON: %w", err)
	}
	for len(r.shape) <= depth {
		r.shape = append(r.shape, -1)
	}
	if r.shape[depth] >= 0 && r.shape[depth] != n {
		return fmt.Errorf("its lists have %d and %d elements, want lists of one length", r.shape[depth], n)
	}
	r.shape[depth] = n
	return nil
}

func (r *listReader) element(token json.Token) error {
	t := r.tensor
	var err error
	switch v := token.(type) {
	case json.Number:
		t.Data, err = appendNumber(t.Data, t.Datatype, v.String())
	case bool:
		if t.Datatype != generators.BOOL {
			return fmt.Errorf("%t is not of datatype %s", v, t.Datatype)
		}
		t.Data = append(t.Data, map[bool]byte{true: 1}[v])
	case string:
		if t.Datatype != generators.BYTES {
			return fmt.Errorf("%q is not of datatype %s", v, t.Datatype)
		}
		t.Data = appendBytes(t.Data, v)
	default:
		return fmt.Errorf("%v is not of datatype %s", token, t.Datatype)
	}
	return err
}

func appendBytes(dst []byte, text string) []byte {
	return generators.AppendBytes(dst, text)
}

// appendNumber appends a number as a datatype has it.
func appendNumber(dst []byte, d generators.Datatype, text string) ([]byte, error) {
	bits := 8 * d.Size()
	var word uint64
	var err error
	switch {
	case d.IsFloat():
		v, err := strconv.ParseFloat(text, max(32, bits))
		dst, inRange := generators.AppendFloat(dst, d, v)
		if err != nil || !inRange {
			return nil, fmt.Errorf("%s is not of datatype %s", text, d)
		}
		return dst, nil
	case d == generators.BYTES:
		return nil, fmt.Errorf("%s is a text or {\"b64\": …}, not the number %s", d, text)
	case d == generators.BOOL:
		word, err = strconv.ParseUint(text, 10, 1)
	case d <= generators.UINT64:
		word, err = strconv.ParseUint(text, 10, bits)
	default:
		var v int64
		v, err = strconv.ParseInt(text, 10, bits)
		word = uint64(v)
	}
	if err != nil {
		return nil, fmt.Errorf("%s is not of datatype %s", text, d)
	}
	var bytes [8]byte
	binary.LittleEndian.PutUint64(bytes[:], word)
	return append(dst, bytes[:d.Size()]...), nil
}
