package jsonbody

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"servebench/generators"
)

// AppendInt appends a whole number.
func AppendInt(dst []byte, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) }

// AppendFloat appends the shortest decimal that reads back as the same
// float32. f must be finite.
func AppendFloat(dst []byte, f float32) []byte {
	x := float64(f)
	if n := int64(x); float64(n) == x && -1<<24 < n && n < 1<<24 && n != 0 {
		return strconv.AppendInt(dst, n, 10)
	}
	format := byte('f')
	if abs := math.Abs(x); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, x, format, -1, 32)
}

// AppendString appends text as a JSON string. Bytes that are not UTF-8 become
// U+FFFD.
func AppendString(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
			i++
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			i++
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, size := utf8.DecodeRune(text[i:])
			dst = utf8.AppendRune(dst, r) // RuneError is U+FFFD
			i += size
		}
	}
	return append(dst, '"')
}

// AppendElements appends the elements of a tensor one after the other, with commas
// between them. It fails where JSON has no form for one.
func AppendElements(dst []byte, t generators.Tensor) ([]byte, error) {
	w := newTensorWriter(t)
	for i := 0; i < t.Len() && w.err == nil; i++ {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = w.appendNext(dst)
	}
	return dst, w.err
}

// AppendArray appends a tensor as arrays within arrays, as its shape is; one without
// dimensions as its element. It fails where JSON has no form for an element.
func AppendArray(dst []byte, t generators.Tensor) ([]byte, error) {
	w := newTensorWriter(t)
	return w.appendArray(dst, t.Shape), w.err
}

// tensorWriter writes the elements of a tensor, one after the other.
type tensorWriter struct {
	tensor generators.Tensor
	texts  [][]byte // the elements of BYTES
	next   int
	err    error
}

func newTensorWriter(t generators.Tensor) *tensorWriter {
	w := &tensorWriter{tensor: t, err: t.Check()}
	if w.err == nil && t.Datatype == generators.BYTES {
		for _, e := range t.Elements() {
			w.texts = append(w.texts, e)
		}
	}
	return w
}

func (w *tensorWriter) appendArray(dst []byte, shape []int64) []byte {
	if w.err != nil {
		return dst
	}
	if len(shape) == 0 {
		return w.appendNext(dst)
	}
	dst = append(dst, '[')
	for i := range shape[0] {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = w.appendArray(dst, shape[1:])
	}
	return append(dst, ']')
}

func (w *tensorWriter) appendNext(dst []byte) []byte {
	i, t := w.next, w.tensor
	w.next++
	switch t.Datatype {
	case generators.BYTES:
		if !utf8.Valid(w.texts[i]) {
			w.refuse("is not UTF-8")
		}
		return AppendString(dst, w.texts[i])
	case generators.BOOL:
		return strconv.AppendBool(dst, t.Int(i) != 0)
	case generators.UINT64:
		return strconv.AppendUint(dst, uint64(t.Int(i)), 10)
	case generators.FP16, generators.BF16:
		w.refuse("is of datatype " + t.Datatype.String())
		return dst
	}
	if t.Datatype.IsInteger() {
		return strconv.AppendInt(dst, t.Int(i), 10)
	}
	v := t.Number(i)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		w.refuse(fmt.Sprintf("is %g", v))
		return dst
	}
	if t.Datatype == generators.FP32 {
		return AppendFloat(dst, float32(v))
	}
	return strconv.AppendFloat(dst, v, 'g', -1, 64)
}

func (w *tensorWriter) refuse(problem string) {
	w.err = fmt.Errorf("tensor %s: element %d %s, which JSON cannot carry", w.tensor.Name, w.next-1, problem)
}
