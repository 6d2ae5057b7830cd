package tensors

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"servebench/generators"
	"servebench/targets/protocol"
)

// maxFaults bounds how many inputs at fault an error names: a request may have a hundred
// thousand.
const maxFaults = 8

// Rows appends the features of the inputs of a request to dst, row by row, and says how
// many rows there are. The inputs have to be one tensor of numbers called InputName.
func Rows(dst []float32, inputs []generators.Tensor, m *protocol.Served) (features []float32, rows int, err error) {
	for i, t := range inputs {
		if t.Name != InputName || i > 0 {
			err = errors.Join(err, fmt.Errorf("inputs[%d].name: %.40q, want one input, called %q", i, t.Name, InputName))
		}
		if i == maxFaults {
			break
		}
	}
	switch {
	case err != nil:
		return dst, 0, err
	case len(inputs) == 0:
		return dst, 0, fmt.Errorf("inputs: want one tensor named %q", InputName)
	}
	t := inputs[0]
	if err := checkShape(t, m); err != nil {
		return dst, 0, err
	}
	if err := t.Check(); err != nil {
		return dst, 0, err
	}
	dst, err = appendNumbers(dst, t)
	return dst, int(t.Shape[0]), err
}

func checkShape(t generators.Tensor, m *protocol.Served) error {
	switch {
	case t.Datatype == generators.BYTES:
		return errors.New("inputs[0].datatype: BYTES are not numbers")
	case len(t.Shape) != 2:
		return fmt.Errorf("inputs[0].shape: want two dimensions, [rows, features], got %s", t.ShapeText())
	}
	if fault := m.Fault(t.Shape[0], t.Shape[1]); fault != "" {
		return fmt.Errorf("inputs[0].shape: %s", fault)
	}
	return nil
}

func appendNumbers(dst []float32, t generators.Tensor) ([]float32, error) {
	n := t.Len()
	dst = slices.Grow(dst, n)
	if t.Datatype == generators.FP32 {
		for data := t.Data; len(data) >= 4; data = data[4:] {
			dst = append(dst, math.Float32frombits(binary.LittleEndian.Uint32(data)))
		}
		return dst, nil
	}
	for i := range n {
		x := t.Number(i)
		if v := float32(x); math.IsInf(float64(v), 0) && !math.IsInf(x, 0) {
			return dst, fmt.Errorf("inputs[0].data[%d]: %g is out of the range of FP32, in which the model computes", i, x)
		}
		dst = append(dst, float32(x))
	}
	return dst, nil
}

// Inputs are the tensors of a batch of examples: of rows one tensor, called Config.Input
// or InputName; of tensors the same ones, with the batch as their first dimension.
func Inputs(cfg protocol.Config, batch []generators.Example) ([]generators.Tensor, error) {
	if len(batch) == 0 {
		return nil, errors.New("the batch is empty")
	}
	if len(cfg.Schema.Tensors) > 0 {
		return generators.StackTensors(cfg.Schema, batch)
	}
	width := max(len(cfg.Schema.Features), 1)
	if len(cfg.Schema.Features) == 0 {
		width = max(len(batch[0].Features), 1)
	}
	data := make([]byte, 0, 4*width*len(batch))
	for row, e := range batch {
		if len(e.Features) != width {
			return nil, fmt.Errorf("example %d has %d features, want %d", row, len(e.Features), width)
		}
		for i, f := range e.Features {
			if f-f != 0 {
				return nil, fmt.Errorf("example %d: feature %s is %g, which is not a finite number", row, featureName(cfg.Schema, i), f)
			}
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(f))
		}
	}
	return []generators.Tensor{{
		Name: cmp.Or(cfg.Input, InputName), Datatype: generators.FP32,
		Shape: []int64{int64(len(batch)), int64(width)}, Data: data,
	}}, nil
}

func featureName(s generators.Schema, i int) string {
	if i < len(s.Features) {
		return s.Features[i].Name
	}
	return fmt.Sprint(i)
}

// Wanted are the names of the outputs that a client asks for: Config.Output, or those of a
// classifier as the reference server calls them; none: whatever there is.
func Wanted(cfg protocol.Config) []string {
	switch offered := Offered(len(cfg.Schema.Classes)); {
	case cfg.Output != "":
		return []string{cfg.Output}
	case len(offered) > 1 && len(cfg.Schema.Tensors) == 0 && !cfg.AllOutputs:
		return []string{offered[0].Name(), offered[1].Name()}
	}
	return nil
}
