// Package tensortest makes tensors of values, for tests.
package tensortest

import (
	"encoding/binary"
	"math"

	"servebench/generators"
)

// Float64s returns a tensor of datatype FP64.
func Float64s(name string, shape []int64, values []float64) generators.Tensor {
	t := generators.Tensor{Name: name, Datatype: generators.FP64, Shape: shape, Data: []byte{}}
	for _, v := range values {
		t.Data = binary.LittleEndian.AppendUint64(t.Data, math.Float64bits(v))
	}
	return t
}

// Int64s returns a tensor of datatype INT64.
func Int64s(name string, shape []int64, values []int64) generators.Tensor {
	t := generators.Tensor{Name: name, Datatype: generators.INT64, Shape: shape, Data: []byte{}}
	for _, v := range values {
		t.Data = binary.LittleEndian.AppendUint64(t.Data, uint64(v))
	}
	return t
}

// ByteStrings returns a tensor of datatype BYTES.
func ByteStrings(name string, shape []int64, values ...string) generators.Tensor {
	t := generators.Tensor{Name: name, Datatype: generators.BYTES, Shape: shape}
	for _, v := range values {
		t.Data = generators.AppendBytes(t.Data, v)
	}
	return t
}
