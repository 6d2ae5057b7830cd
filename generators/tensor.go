package generators

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Tensor is a named array of numbers or byte strings. As part of a Schema it has no
// data.
type Tensor struct {
	Name     string
	Datatype Datatype
	Shape    []int64 // of no dimension: a single element
	// Data holds the elements in row-major order as the Open Inference Protocol's binary
	// extension does: numbers little-endian, a BOOL as a byte of 0 or 1, a BYTES element
	// behind its length of four bytes.
	Data []byte
}

// Datatype is what the elements of a tensor are, by the names of the Open Inference
// Protocol.
type Datatype uint8

// The datatypes; 0 is none.
const (
	BOOL Datatype = iota + 1
	UINT8
	UINT16
	UINT32
	UINT64
	INT8
	INT16
	INT32
	INT64
	FP16
	FP32
	FP64
	BF16
	BYTES
)

var datatypes = [...]struct {
	name string
	size int
}{
	BOOL: {"BOOL", 1}, UINT8: {"UINT8", 1}, UINT16: {"UINT16", 2}, UINT32: {"UINT32", 4}, UINT64: {"UINT64", 8},
	INT8: {"INT8", 1}, INT16: {"INT16", 2}, INT32: {"INT32", 4}, INT64: {"INT64", 8},
	FP16: {"FP16", 2}, FP32: {"FP32", 4}, FP64: {"FP64", 8}, BF16: {"BF16", 2}, BYTES: {"BYTES", 0},
}

// DatatypeNamed returns the datatype of a name, such as "FP32"; 0 of an unknown one.
func DatatypeNamed(name string) Datatype {
	for d := BOOL; d <= BYTES; d++ {
		if datatypes[d].name == name {
			return d
		}
	}
	return 0
}

// String returns the datatype's name; "" of 0.
func (d Datatype) String() string { return datatypes[d].name }

// Size is how many bytes an element takes; 0 of BYTES, whose elements differ.
func (d Datatype) Size() int { return datatypes[d].size }

// IsInteger reports whether the elements are whole numbers, which a float64 may not
// hold exactly.
func (d Datatype) IsInteger() bool { return UINT8 <= d && d <= INT64 }

// IsFloat reports whether the elements are floating-point numbers.
func (d Datatype) IsFloat() bool { return FP16 <= d && d <= BF16 }

// Float32s returns a tensor of datatype FP32.
func Float32s(name string, shape []int64, values []float32) Tensor {
	t := Tensor{Name: name, Datatype: FP32, Shape: shape, Data: make([]byte, 0, 4*len(values))}
	for _, v := range values {
		t.Data = binary.LittleEndian.AppendUint32(t.Data, math.Float32bits(v))
	}
	return t
}

// AppendBytes appends an element of BYTES: its length in four bytes, and what it is.
func AppendBytes[T string | []byte](dst []byte, element T) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(element))), element...)
}

// maxElements bounds a tensor, so that products of its dimensions cannot overflow.
const maxElements = 1 << 40

// Len returns the number of elements that the shape says; -1 where a dimension is
// negative or there are more than 2^40.
func (t Tensor) Len() int {
	n := int64(1)
	for _, d := range t.Shape {
		if d < 0 || d > 0 && n > maxElements/d {
			return -1
		}
		n *= d
	}
	return int(n)
}

// Check says why the data is not what the datatype and the shape say; nil when it is.
// The other methods need a tensor that is in order.
func (t Tensor) Check() error {
	n := t.Len()
	switch {
	case t.Datatype < BOOL || t.Datatype > BYTES:
		return fmt.Errorf("tensor %.60q has no datatype", t.Name)
	case n < 0:
		return fmt.Errorf("tensor %.60q has the shape %s, want dimensions from 0 on and at most 2^40 elements", t.Name, t.ShapeText())
	case t.Datatype != BYTES:
		if want := n * t.Datatype.Size(); len(t.Data) != want {
			return fmt.Errorf("tensor %.60q holds %d bytes, want %d: %s of %s", t.Name, len(t.Data), want, t.ShapeText(), t.Datatype)
		}
		return nil
	}
	rest := t.Data
	for i := range n {
		size, ok := nextLength(rest)
		if !ok {
			return fmt.Errorf("tensor %.60q: element %d of %d ends beyond the data", t.Name, i, n)
		}
		rest = rest[4+size:]
	}
	if len(rest) > 0 {
		return fmt.Errorf("tensor %.60q holds %d bytes more than its %d elements", t.Name, len(rest), n)
	}
	return nil
}

// nextLength returns the length of the BYTES element that data begins with. ok says that
// all of it is there.
func nextLength(data []byte) (size int, ok bool) {
	if len(data) < 4 {
		return 0, false
	}
	n := binary.LittleEndian.Uint32(data)
	return int(n), int64(n) <= int64(len(data)-4)
}

// maxShown is how many dimensions of a shape are shown, which a server may send a million of.
const maxShown = 8

// ShapeText writes the shape for people, of many dimensions the first ones: "[2,3]".
func (t Tensor) ShapeText() string {
	if n := len(t.Shape); n > maxShown {
		return fmt.Sprintf("%s,…] of %d dimensions", strings.TrimSuffix(Tensor{Shape: t.Shape[:maxShown]}.ShapeText(), "]"), n)
	}
	return string(t.AppendShape(nil))
}

// AppendShape appends the shape as JSON has it.
func (t Tensor) AppendShape(dst []byte) []byte {
	dst = append(dst, '[')
	for i, d := range t.Shape {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, d, 10)
	}
	return append(dst, ']')
}

// Number returns element i of a tensor of numbers. Integers beyond 2^53 are rounded.
func (t Tensor) Number(i int) float64 {
	size := t.Datatype.Size()
	b := t.Data[i*size : (i+1)*size]
	switch t.Datatype {
	case FP32:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	case FP64:
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	case FP16:
		return fromHalf(binary.LittleEndian.Uint16(b))
	case BF16:
		return float64(math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16))
	case UINT64:
		return float64(binary.LittleEndian.Uint64(b))
	}
	return float64(t.Int(i))
}

// Int returns element i of a tensor of integers or BOOL. Of UINT64 it is the two's
// complement of numbers from 2^63 on.
func (t Tensor) Int(i int) int64 {
	size := t.Datatype.Size()
	b := t.Data[i*size : (i+1)*size]
	switch t.Datatype {
	case BOOL, UINT8:
		return int64(b[0])
	case INT8:
		return int64(int8(b[0]))
	case UINT16:
		return int64(binary.LittleEndian.Uint16(b))
	case INT16:
		return int64(int16(binary.LittleEndian.Uint16(b)))
	case UINT32:
		return int64(binary.LittleEndian.Uint32(b))
	case INT32:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	}
	return int64(binary.LittleEndian.Uint64(b))
}

// AppendFloat appends a number as a datatype of numbers with fractions has it, rounded to the
// nearest. ok says that it is in the datatype's range.
func AppendFloat(dst []byte, d Datatype, v float64) (data []byte, ok bool) {
	switch d {
	case FP64:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v)), true
	case FP16:
		h := toHalf(v)
		return binary.LittleEndian.AppendUint16(dst, h), h&0x7c00 != 0x7c00
	}
	bits := math.Float32bits(float32(v))
	if d == BF16 {
		bits += 0x7fff + bits>>16&1
		dst = binary.LittleEndian.AppendUint16(dst, uint16(bits>>16))
	} else {
		dst = binary.LittleEndian.AppendUint32(dst, bits)
	}
	return dst, bits&0x7f800000 != 0x7f800000
}

// toHalf converts to a number of IEEE 754's binary16, which is infinite from 65520 on.
func toHalf(v float64) uint16 {
	var sign uint16
	if math.Signbit(v) {
		sign = 0x8000
	}
	switch v = math.Abs(v); {
	case math.IsNaN(v):
		return 0x7e00
	case v >= 65520:
		return sign | 0x7c00
	case v < 0x1p-14: // without a leading one
		return sign | uint16(math.RoundToEven(v*0x1p24))
	}
	fraction, exponent := math.Frexp(v)
	// A fraction that is rounded up to the next power of two carries into the exponent.
	return sign | (uint16(exponent+14)<<10 + uint16(math.RoundToEven(fraction*2048)) - 1024)
}

// fromHalf converts a number of IEEE 754's binary16.
func fromHalf(h uint16) float64 {
	sign, exponent, fraction := 1.0, int(h>>10&0x1f), float64(h&0x3ff)
	if h>>15 == 1 {
		sign = -1
	}
	switch exponent {
	case 0:
		return math.Copysign(math.Ldexp(fraction, -24), sign)
	case 0x1f:
		if fraction == 0 {
			return math.Inf(int(sign))
		}
		return math.NaN()
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

// Elements yields the elements of a tensor of datatype BYTES, which are part of its data.
func (t Tensor) Elements() iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		rest := t.Data
		for i := range t.Len() {
			size, ok := nextLength(rest)
			if !ok || !yield(i, rest[4:4+size:4+size]) {
				return
			}
			rest = rest[4+size:]
		}
	}
}

// Rows divides a tensor along its first dimension, which has to be n, the number of
// examples in a batch. The parts share the tensor's memory.
func (t Tensor) Rows(n int) ([]Tensor, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	if len(t.Shape) == 0 || t.Shape[0] != int64(n) || n == 0 {
		return nil, fmt.Errorf("tensor %.60q has the shape %s, want one row for each of %d examples", t.Name, t.ShapeText(), n)
	}
	rows := make([]Tensor, n)
	each := Tensor{Name: t.Name, Datatype: t.Datatype, Shape: t.Shape[1:len(t.Shape):len(t.Shape)]}
	size, rest := len(t.Data)/n, t.Data
	for i := range rows {
		if t.Datatype == BYTES {
			size = sizeOfElements(rest, each.Len())
		}
		rows[i] = each
		rows[i].Data, rest = rest[:size:size], rest[size:]
	}
	return rows, nil
}

// sizeOfElements is how many bytes the first n BYTES elements take, which are all there.
func sizeOfElements(data []byte, n int) int {
	total := 0
	for range n {
		size, _ := nextLength(data[total:])
		total += 4 + size
	}
	return total
}

// StackTensors puts the tensors of a batch of examples together, each with a first
// dimension of one element for each example. It fails where the examples' tensors are not
// those of the schema, or differ in shape.
func StackTensors(schema Schema, batch []Example) ([]Tensor, error) {
	stacked := make([]Tensor, len(schema.Tensors))
	for k, want := range schema.Tensors {
		for i, e := range batch {
			if len(e.Tensors) != len(schema.Tensors) {
				return nil, fmt.Errorf("example %d has %d tensors, want %d", i, len(e.Tensors), len(schema.Tensors))
			}
			t, first := e.Tensors[k], batch[0].Tensors[k]
			switch err := t.Check(); {
			case err != nil:
				return nil, fmt.Errorf("example %d: %w", i, err)
			case !t.Fits(want):
				return nil, fmt.Errorf("example %d: tensor %.60q is %s of %s, want %q, %s of %s", i, t.Name, t.ShapeText(), t.Datatype, want.Name, want.ShapeText(), want.Datatype)
			case !slices.Equal(t.Shape, first.Shape):
				return nil, fmt.Errorf("example %d: tensor %.60q is %s, and %s in the first example of the batch", i, t.Name, t.ShapeText(), first.ShapeText())
			}
			if i == 0 {
				shape := append([]int64{int64(len(batch))}, t.Shape...)
				stacked[k] = Tensor{Name: t.Name, Datatype: t.Datatype, Shape: shape, Data: make([]byte, 0, len(batch)*len(t.Data))}
			}
			stacked[k].Data = append(stacked[k].Data, t.Data...)
		}
	}
	return stacked, nil
}

// Fits reports whether a tensor is one that a Schema describes: the same name, datatype
// and shape, but for dimensions of -1.
func (t Tensor) Fits(schema Tensor) bool {
	return t.Name == schema.Name && t.Datatype == schema.Datatype && slices.EqualFunc(t.Shape, schema.Shape, func(have, want int64) bool {
		return have == want || want < 0
	})
}
