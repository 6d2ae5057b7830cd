package onnx

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
)

// The element types of onnx.proto's TensorProto.DataType that are read.
const (
	typeFloat  = 1
	typeInt32  = 6
	typeInt64  = 7
	typeString = 8
)

// typeName is the name of an element type, for messages.
func typeName(t int64) string {
	names := map[int64]string{
		0: "no type", typeFloat: "FLOAT", 2: "UINT8", 3: "INT8", 4: "UINT16", 5: "INT16", typeInt32: "INT32", typeInt64: "INT64",
		typeString: "STRING", 9: "BOOL", 10: "FLOAT16", 11: "DOUBLE", 16: "BFLOAT16",
	}
	return cmp.Or(names[t], fmt.Sprintf("type %d", t))
}

// Bounds of what a file can make the reader hold beside its own size.
const (
	maxNodes        = 1 << 16
	maxAttributes   = 1 << 6 // of a node
	maxInitializers = 1 << 16
	maxValues       = 1 << 10 // graph inputs and outputs, dimensions, opsets, metadata
)

// file is the part of onnx.proto's ModelProto that inference needs.
type file struct {
	opsets   map[string]int64  // by domain; "" is ai.onnx
	metadata map[string]string // metadata_props
	graph    *graph
}

type graph struct {
	nodes           []node
	constants       map[string]*tensor // initializers
	inputs, outputs []valueInfo
}

type node struct {
	index                  int
	operator, domain, name string
	inputs, outputs        []string
	attributes             []attribute
}

// String names the node as the user finds it in a viewer.
func (n *node) String() string {
	if n.name == "" {
		return fmt.Sprintf("node %d (%s)", n.index, n.operator)
	}
	return fmt.Sprintf("node %q (%s)", n.name, n.operator)
}

// The types of attributes in onnx.proto's AttributeProto.AttributeType that are read.
const (
	attributeFloat   = 1
	attributeInt     = 2
	attributeString  = 3
	attributeTensor  = 4
	attributeFloats  = 6
	attributeInts    = 7
	attributeStrings = 8
)

type attribute struct {
	name    string
	kind    int64
	float   float32
	int     int64
	text    string
	tensor  *tensor
	floats  []float32
	ints    []int64
	strings []string
}

// valueInfo is a graph's input or output.
type valueInfo struct {
	name     string
	element  int64   // of a tensor; 0: it is none
	shape    []int64 // 0: any number
	hasShape bool
}

// tensor is a constant.
type tensor struct {
	name    string
	element int64
	shape   []int64
	floats  []float32 // of FLOAT
	ints    []int64   // of INT32 and INT64
}

// size is the product of the shape; not ok where it is no size of a slice.
func (t *tensor) size() (size int, ok bool) {
	product := uint64(1)
	for _, d := range t.shape {
		high, low := bits.Mul64(product, uint64(d))
		if d < 0 || high != 0 || low > 1<<40 {
			return 0, false
		}
		product = low
	}
	return int(product), true
}

func decodeFile(data []byte) (*file, error) {
	m := &file{opsets: map[string]int64{}, metadata: map[string]string{}}
	err := decode("ModelProto", data, func(f field) (err error) {
		switch f.number {
		case 7: // graph
			if m.graph != nil {
				return errors.New("ModelProto has two graphs")
			}
			m.graph, err = decodeGraph(f.message())
		case 8: // opset_import
			err = m.decodeOpset(f.message())
		case 14: // metadata_props
			err = m.decodeMetadata(f.message())
		case 25: // functions
			err = errors.New("it defines functions, which are not supported: onnx.inliner.inline_local_functions(model) replaces them")
		}
		return err
	})
	if err == nil && m.graph == nil {
		err = errors.New("it has no graph, so it is no ONNX model")
	}
	return m, err
}

func (m *file) decodeOpset(data []byte) error {
	domain, version := "", int64(0)
	err := decode("OperatorSetIdProto", data, func(f field) error {
		switch f.number {
		case 1:
			domain = f.text()
		case 2:
			version = f.int()
		}
		return nil
	})
	if domain == "ai.onnx" {
		domain = ""
	}
	if known, again := m.opsets[domain]; again && known != version {
		return fmt.Errorf("opset_import names versions %d and %d of domain %q", known, version, domain)
	}
	m.opsets[domain] = version
	return cmp.Or(err, limit("opset_import", len(m.opsets), maxValues))
}

func (m *file) decodeMetadata(data []byte) error {
	key, value := "", ""
	err := decode("StringStringEntryProto", data, func(f field) error {
		switch f.number {
		case 1:
			key = f.text()
		case 2:
			value = f.text()
		}
		return nil
	})
	m.metadata[key] = value
	return cmp.Or(err, limit("metadata_props", len(m.metadata), maxValues))
}

// limit is the error of a list that is too long.
func limit(name string, n, most int) error {
	if n <= most {
		return nil
	}
	return fmt.Errorf("more than %d entries of %s", most, name)
}

func decodeGraph(data []byte) (*graph, error) {
	g := &graph{constants: map[string]*tensor{}}
	err := decode("GraphProto", data, func(f field) error {
		switch f.number {
		case 1: // node
			n := node{index: len(g.nodes)}
			if err := n.decode(f.message()); err != nil {
				return fmt.Errorf("%v: %w", &n, err)
			}
			g.nodes = append(g.nodes, n)
			return limit("node", len(g.nodes), maxNodes)
		case 5: // initializer
			t, err := decodeTensor(f.message())
			if err != nil {
				return fmt.Errorf("initializer %q: %w", t.name, err)
			}
			if g.constants[t.name] != nil {
				return fmt.Errorf("initializer %q is there twice", t.name)
			}
			g.constants[t.name] = t
			return limit("initializer", len(g.constants), maxInitializers)
		case 15: // sparse_initializer
			return errors.New("it has sparse initializers, which are not supported")
		case 11: // input
			return decodeValueInfo(&g.inputs, f.message())
		case 12: // output
			return decodeValueInfo(&g.outputs, f.message())
		}
		return nil
	})
	return g, err
}

func (n *node) decode(data []byte) error {
	return decode("NodeProto", data, func(f field) error {
		switch f.number {
		case 1:
			n.inputs = append(n.inputs, f.text())
		case 2:
			n.outputs = append(n.outputs, f.text())
		case 3:
			n.name = f.text()
		case 4:
			n.operator = f.text()
		case 5:
			var a attribute
			if err := a.decode(f.message()); err != nil {
				return fmt.Errorf("attribute %q: %w", a.name, err)
			}
			n.attributes = append(n.attributes, a)
			return limit("attribute", len(n.attributes), maxAttributes)
		case 7:
			if n.domain = f.text(); n.domain == "ai.onnx" {
				n.domain = ""
			}
		}
		return nil
	})
}

func (a *attribute) decode(data []byte) error {
	return decode("AttributeProto", data, func(f field) (err error) {
		switch f.number {
		case 1:
			a.name = f.text()
		case 2:
			a.float = f.float()
		case 3:
			a.int = f.int()
		case 4:
			a.text = f.text()
		case 5:
			a.tensor, err = decodeTensor(f.message())
		case 7:
			a.floats = f.appendFloats(a.floats)
		case 8:
			a.ints = f.appendInts(a.ints)
		case 9:
			a.strings = append(a.strings, f.text())
		case 20:
			a.kind = f.int()
		}
		return err
	})
}

// decodeTensor returns a tensor with its name also when there is an error.
func decodeTensor(data []byte) (*tensor, error) {
	t := &tensor{}
	var raw []byte
	isRaw, external := false, false
	err := decode("TensorProto", data, func(f field) error {
		switch f.number {
		case 1:
			t.shape = f.appendInts(t.shape)
			return limit("dims", len(t.shape), maxValues)
		case 2:
			t.element = f.int()
		case 4:
			t.floats = f.appendFloats(t.floats)
		case 5, 7:
			t.ints = f.appendInts(t.ints)
		case 8:
			t.name = f.text()
		case 9:
			raw, isRaw = f.message(), true
		case 13:
			external = true
		case 14:
			external = external || f.int() != 0
		}
		return nil
	})
	switch {
	case err != nil:
		return t, err
	case external:
		return t, errors.New("its data is in another file, want all in one: onnx.save_model(model, path, save_as_external_data=False)")
	case isRaw:
		err = t.setRaw(raw)
	}
	return t, cmp.Or(err, t.check())
}

func (t *tensor) setRaw(raw []byte) error {
	size := map[int64]int{typeFloat: 4, typeInt32: 4, typeInt64: 8}[t.element]
	switch {
	case size == 0: // an error where it is used
		return nil
	case len(raw)%size != 0:
		return fmt.Errorf("raw_data has %d bytes, which is no whole number of values of %s", len(raw), typeName(t.element))
	case t.element == typeFloat:
		t.floats = floats(raw)
	default:
		t.ints = ints(raw, size)
	}
	return nil
}

// check compares the number of values with the shape.
func (t *tensor) check() error {
	have := len(t.ints)
	switch t.element {
	case typeFloat:
		have = len(t.floats)
	case typeInt32, typeInt64:
	default: // an error where it is used
		return nil
	}
	if size, ok := t.size(); !ok || size != have {
		return fmt.Errorf("it has %d values, but shape %v", have, t.shape)
	}
	return nil
}

func decodeValueInfo(list *[]valueInfo, data []byte) error {
	var v valueInfo
	err := decode("ValueInfoProto", data, func(f field) error {
		switch f.number {
		case 1:
			v.name = f.text()
		case 2:
			return decode("TypeProto", f.message(), func(f field) error {
				if f.number == 1 { // tensor_type
					return v.decodeTensorType(f.message())
				}
				return nil
			})
		}
		return nil
	})
	*list = append(*list, v)
	return cmp.Or(err, limit("inputs and outputs", len(*list), maxValues))
}

func (v *valueInfo) decodeTensorType(data []byte) error {
	return decode("TypeProto.Tensor", data, func(f field) error {
		switch f.number {
		case 1:
			v.element = f.int()
		case 2:
			v.hasShape = true
			return decode("TensorShapeProto", f.message(), func(f field) error {
				if f.number != 1 { // dim
					return nil
				}
				size := int64(0)
				err := decode("TensorShapeProto.Dimension", f.message(), func(f field) error {
					if f.number == 1 { // dim_value
						size = f.int()
					}
					return nil
				})
				v.shape = append(v.shape, size)
				return cmp.Or(err, limit("dim", len(v.shape), maxValues))
			})
		}
		return nil
	})
}
