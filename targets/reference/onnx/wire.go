package onnx

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// field is one field of a protobuf message. Reading it as what it is not sets the
// message's fault.
type field struct {
	number protowire.Number
	kind   protowire.Type
	value  uint64 // of the kinds of numbers
	data   []byte // of protowire.BytesType
	fault  *error
}

// decode calls each with every field of a message, in the order of the file. The name of
// the message, as onnx.proto has it, is part of the error.
func decode(message string, data []byte, each func(f field) error) error {
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return fmt.Errorf("%s is cut off or corrupt: %w", message, protowire.ParseError(n))
		}
		data = data[n:]
		var fault error
		f := field{number: number, kind: kind, fault: &fault}
		switch kind {
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(data)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(data)
			f.value = uint64(v)
		case protowire.BytesType:
			f.data, n = protowire.ConsumeBytes(data)
		default:
			n = protowire.ConsumeFieldValue(number, kind, data)
		}
		if n < 0 {
			return fmt.Errorf("field %d of %s is cut off or corrupt: %w", number, message, protowire.ParseError(n))
		}
		data = data[n:]
		if err := each(f); err != nil {
			return err
		}
		if fault != nil {
			return fmt.Errorf("field %d of %s: %w", number, message, fault)
		}
	}
	return nil
}

func (f field) want(kind protowire.Type) {
	if f.kind != kind {
		*f.fault = fmt.Errorf("wire type %d, want %d", f.kind, kind)
	}
}

func (f field) message() []byte {
	f.want(protowire.BytesType)
	return f.data
}

func (f field) text() string {
	f.want(protowire.BytesType)
	return string(f.data)
}

func (f field) int() int64 {
	f.want(protowire.VarintType)
	return int64(f.value)
}

func (f field) float() float32 {
	f.want(protowire.Fixed32Type)
	return math.Float32frombits(uint32(f.value))
}

// appendInts appends a repeated whole number, packed or not.
func (f field) appendInts(dst []int64) []int64 {
	if f.kind == protowire.VarintType {
		return append(dst, f.int())
	}
	for data := f.message(); len(data) > 0; {
		v, n := protowire.ConsumeVarint(data)
		if n < 0 {
			*f.fault = protowire.ParseError(n)
			return dst
		}
		dst, data = append(dst, int64(v)), data[n:]
	}
	return dst
}

// appendFloats appends a repeated float, packed or not.
func (f field) appendFloats(dst []float32) []float32 {
	if f.kind == protowire.Fixed32Type {
		return append(dst, f.float())
	}
	data := f.message()
	if len(data)%4 != 0 {
		*f.fault = fmt.Errorf("%d bytes are no whole number of floats", len(data))
	}
	return append(dst, floats(data)...)
}

// floats reads little-endian numbers of 4 bytes.
func floats(data []byte) []float32 {
	values := make([]float32, len(data)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return values
}

// ints reads little-endian whole numbers of 4 or 8 bytes.
func ints(data []byte, size int) []int64 {
	values := make([]int64, len(data)/size)
	for i := range values {
		if size == 4 {
			values[i] = int64(int32(binary.LittleEndian.Uint32(data[4*i:])))
		} else {
			values[i] = int64(binary.LittleEndian.Uint64(data[8*i:]))
		}
	}
	return values
}
