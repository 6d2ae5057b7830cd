// Package tensors is what named tensors mean to a model of rows: the input that
// holds the features, and the outputs that hold labels, probabilities or values. The
// protocols that carry tensors share it, each with its own form on the wire.
package tensors

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"servebench/generators"
	"servebench/targets/protocol"
)

// InputName is what the one input of a model of rows is called, [rows, features].
const InputName = "features"

// Output is one output tensor that a model offers.
type Output int

// The outputs.
const (
	Label         Output = iota // INT64 [rows]: the most likely class
	Probability                 // FP32 [rows]: of class 1 of two
	Probabilities               // FP32 [rows, classes]
	ClassName                   // BYTES [rows]: the label's name in the schema
	Value                       // FP32 [rows]: what a regression answers
)

// Name is what the output is called on the wire.
func (o Output) Name() string {
	return [...]string{"label", "probability", "probabilities", "class", "value"}[o]
}

// Datatype is what its elements are.
func (o Output) Datatype() generators.Datatype {
	return [...]generators.Datatype{generators.INT64, generators.FP32, generators.FP32, generators.BYTES, generators.FP32}[o]
}

// Offered are the outputs of a model with so many classes, and what a request gets that
// names none, in this order.
func Offered(classes int) []Output {
	switch classes {
	case 0:
		return []Output{Value}
	case 2:
		return []Output{Label, Probability, ClassName}
	}
	return []Output{Label, Probabilities, ClassName}
}

// Named finds an output that is offered by its name.
func Named(offered []Output, name []byte) (Output, bool) {
	for _, o := range offered {
		if string(name) == o.Name() {
			return o, true
		}
	}
	return 0, false
}

// Names lists the names of outputs for an error.
func Names(offered []Output) string {
	var names []string
	for _, o := range offered {
		names = append(names, o.Name())
	}
	return strings.Join(names, ", ")
}

// InputOf is the input of a model without data; a dimension of -1 varies.
func InputOf(m protocol.Model) generators.Tensor {
	width := int64(len(m.Schema.Features))
	if width == 0 {
		width = -1
	}
	return generators.Tensor{Name: InputName, Datatype: generators.FP32, Shape: []int64{-1, width}}
}

// OutputsOf are the outputs of a model without data; a dimension of -1 varies.
func OutputsOf(m protocol.Model) []generators.Tensor {
	var all []generators.Tensor
	for _, o := range Offered(len(m.Schema.Classes)) {
		all = append(all, o.Of(m, -1))
	}
	return all
}

// Of is the output of a model for so many rows, without data; rows of -1 vary.
func (o Output) Of(m protocol.Model, rows int) generators.Tensor {
	t := generators.Tensor{Name: o.Name(), Datatype: o.Datatype(), Shape: []int64{int64(rows)}}
	if o == Probabilities {
		t.Shape = append(t.Shape, int64(m.Scores()))
	}
	return t
}

// AppendData appends the output's data to dst: what a model said to rows, Scores numbers
// for each.
func (o Output) AppendData(dst []byte, m protocol.Model, scores []float32) []byte {
	width := m.Scores()
	dst = slices.Grow(dst, len(scores)/width*o.Datatype().Size())
	switch o {
	case Label:
		for i := 0; i < len(scores); i += width {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(generators.MostLikely(scores[i:i+width])))
		}
	case Probability:
		for i := 1; i < len(scores); i += width {
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(scores[i]))
		}
	case ClassName:
		for i := 0; i < len(scores); i += width {
			name := m.Schema.Classes[generators.MostLikely(scores[i:i+width])]
			dst = generators.AppendBytes(dst, name)
		}
	default:
		for _, v := range scores {
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
		}
	}
	return dst
}

// Select returns the outputs asked for by name, all that are offered where none is.
func Select(offered []Output, names []string) ([]Output, error) {
	var chosen []Output
	for i, name := range names {
		o, ok := Named(offered, []byte(name))
		switch {
		case !ok:
			return nil, fmt.Errorf("outputs[%d].name: unknown output %.40q, want one of %s", i, name, Names(offered))
		case slices.Contains(chosen, o):
			return nil, fmt.Errorf("outputs[%d].name: %q is asked for twice", i, name)
		}
		chosen = append(chosen, o)
	}
	if chosen == nil {
		return offered, nil
	}
	return chosen, nil
}
