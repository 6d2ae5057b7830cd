package v2grpc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"servebench/generators"
	"servebench/targets/protocol"

	"google.golang.org/protobuf/encoding/protowire"
)

// inference is the protocol's ModelInferRequest, or its ModelInferResponse, which has
// outputs where the request has inputs, and asks for nothing.
type inference struct {
	model, version, id string
	tensors            []generators.Tensor
	asked              []string // names of the outputs asked for
	// timeout is what the request has in its parameter of that name; 0: none.
	timeout time.Duration
}

// The fields that hold the data of all tensors.
const (
	rawInputs  = protowire.Number(7)
	rawOutputs = protowire.Number(6)
)

// appendTo appends the message with its tensors' data in the field raw.
func (m *inference) appendTo(b []byte, raw protowire.Number) []byte {
	b = appendText(b, 1, m.model)
	b = appendText(b, 2, m.version)
	b = appendText(b, 3, m.id)
	for _, t := range m.tensors {
		b = appendMessage(b, 5, appendTensor(nil, t))
	}
	for _, name := range m.asked {
		b = appendMessage(b, 6, appendText(nil, 1, name))
	}
	for _, t := range m.tensors {
		b = appendMessage(b, raw, t.Data)
	}
	return b
}

// read reads the message. The data of tensors points into it where it is raw.
func (m *inference) read(message []byte, raw protowire.Number) error {
	var data [][]byte
	err := fields(message, func(f field) error {
		switch f.number {
		case 1:
			return f.text(&m.model)
		case 2:
			return f.text(&m.version)
		case 3:
			return f.text(&m.id)
		case 4:
			if raw == rawInputs {
				return m.readParameter(f.bytes)
			}
		case 5:
			t, err := readTensor(f.bytes)
			m.tensors = append(m.tensors, t)
			return err
		case raw:
			data = append(data, f.bytes)
		case 6:
			return fields(f.bytes, func(f field) error {
				if f.number == 1 {
					m.asked = append(m.asked, "")
					return f.text(&m.asked[len(m.asked)-1])
				}
				return nil
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	list := "inputs"
	if raw == rawOutputs {
		list = "outputs"
	}
	return placeRaw(list, m.tensors, data)
}

// readParameter reads an entry of the request's map of parameters, of which timeout is known: an
// int64_param of microseconds, as Triton's, 0 for none.
func (m *inference) readParameter(entry []byte) error {
	var key string
	micros := int64(-1)
	err := fields(entry, func(f field) error {
		if f.number == 1 {
			return f.text(&key)
		}
		return f.only(2, func(f field) error {
			return fields(f.bytes, func(f field) error {
				return f.only(2, func(f field) error { return f.varints(func(v uint64) { micros = int64(v) }) })
			})
		})
	})
	if err != nil || key != "timeout" {
		return err
	}
	if micros < 0 {
		return errors.New("parameters[timeout]: want int64_param, microseconds, 0 or more")
	}
	m.timeout = protocol.Micros(micros)
	return nil
}

// placeRaw gives tensors the data that stands behind all of them.
func placeRaw(list string, all []generators.Tensor, raw [][]byte) error {
	if len(raw) > 0 {
		if len(raw) != len(all) {
			return fmt.Errorf("%s: %d tensors, but raw contents for %d", list, len(all), len(raw))
		}
		for i := range all {
			if len(all[i].Data) > 0 {
				return fmt.Errorf("%s[%d]: has both raw and typed contents", list, i)
			}
			all[i].Data = raw[i]
		}
	}
	for i, t := range all {
		if err := t.Check(); err != nil {
			return fmt.Errorf("%s[%d]: %w", list, i, err)
		}
	}
	return nil
}

// appendTensor appends what both InferInputTensor and InferOutputTensor begin with.
func appendTensor(b []byte, t generators.Tensor) []byte {
	b = appendText(b, 1, t.Name)
	b = appendText(b, 2, t.Datatype.String())
	var shape []byte
	for _, d := range t.Shape {
		shape = protowire.AppendVarint(shape, uint64(d))
	}
	return appendMessage(b, 3, shape)
}

// readTensor reads a tensor with its typed contents, if it has any.
func readTensor(message []byte) (t generators.Tensor, err error) {
	var contents []byte
	var datatype string
	err = fields(message, func(f field) error {
		switch f.number {
		case 1:
			return f.text(&t.Name)
		case 2:
			return f.text(&datatype)
		case 3:
			return f.varints(func(v uint64) { t.Shape = append(t.Shape, int64(v)) })
		case 5:
			contents = f.bytes
		}
		return nil
	})
	if err != nil {
		return t, err
	}
	if t.Datatype = generators.DatatypeNamed(datatype); t.Datatype == 0 {
		return t, fmt.Errorf("tensor %.40q: datatype %.40q is not one of the protocol", t.Name, datatype)
	}
	if len(contents) > 0 {
		t.Data, err = readContents(t, contents)
	}
	return t, err
}

// contentsField is the field of InferTensorContents that holds a datatype's elements.
var contentsField = map[generators.Datatype]protowire.Number{
	generators.BOOL: 1, generators.INT8: 2, generators.INT16: 2, generators.INT32: 2, generators.INT64: 3,
	generators.UINT8: 4, generators.UINT16: 4, generators.UINT32: 4, generators.UINT64: 5,
	generators.FP32: 6, generators.FP64: 7, generators.BYTES: 8,
}

// readContents turns typed contents into a tensor's data.
func readContents(t generators.Tensor, message []byte) (data []byte, err error) {
	size := t.Datatype.Size()
	err = fields(message, func(f field) error {
		switch {
		case f.number != contentsField[t.Datatype]:
			return fmt.Errorf("tensor %.40q: %s has its contents in field %d, got field %d", t.Name, t.Datatype, contentsField[t.Datatype], f.number)
		case t.Datatype == generators.BYTES:
			data = generators.AppendBytes(data, f.bytes)
			return f.want(protowire.BytesType)
		case t.Datatype == generators.FP32 || t.Datatype == generators.FP64:
			return f.fixed(size, &data)
		}
		var outside error
		err := f.varints(func(v uint64) {
			if !fitsIn(t.Datatype, v) {
				outside = fmt.Errorf("tensor %.40q: an element is out of the range of %s", t.Name, t.Datatype)
			}
			var element [8]byte
			binary.LittleEndian.PutUint64(element[:], v)
			data = append(data, element[:size]...)
		})
		return errors.Join(err, outside)
	})
	return data, err
}

// fitsIn reports whether a varint is a value of an integer datatype.
func fitsIn(d generators.Datatype, v uint64) bool {
	switch d {
	case generators.BOOL:
		return v <= 1
	case generators.UINT8, generators.UINT16, generators.UINT32:
		return v>>(8*d.Size()) == 0
	case generators.INT8, generators.INT16, generators.INT32:
		limit := int64(1) << (8*d.Size() - 1)
		return -limit <= int64(v) && int64(v) < limit
	}
	return true
}

// field is one field of a message.
type field struct {
	number protowire.Number
	wire   protowire.Type
	bytes  []byte // of a BytesType
	value  uint64 // of the others
}

// errMessage says that bytes are not a message of Protocol Buffers.
var errMessage = errors.New("not a valid protobuf message")

// fields calls read for each field of a message.
func fields(message []byte, read func(field) error) error {
	for len(message) > 0 {
		number, wire, n := protowire.ConsumeTag(message)
		if n < 0 {
			return errMessage
		}
		message = message[n:]
		f := field{number: number, wire: wire}
		switch wire {
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(message)
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(message)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(message)
			f.value = uint64(v)
		case protowire.Fixed64Type:
			f.value, n = protowire.ConsumeFixed64(message)
		default:
			n = protowire.ConsumeFieldValue(number, wire, message)
		}
		if n < 0 {
			return errMessage
		}
		message = message[n:]
		if err := read(f); err != nil {
			return err
		}
	}
	return nil
}

func (f field) want(wire protowire.Type) error {
	if f.wire != wire {
		return fmt.Errorf("field %d has the wire type %d, want %d", f.number, f.wire, wire)
	}
	return nil
}

func (f field) text(dst *string) error {
	*dst = string(f.bytes)
	return f.want(protowire.BytesType)
}

// varints calls take for the elements of a repeated field, packed or single.
func (f field) varints(take func(uint64)) error {
	if f.wire == protowire.VarintType {
		take(f.value)
		return nil
	}
	for b := f.bytes; len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return errMessage
		}
		take(v)
		b = b[n:]
	}
	return f.want(protowire.BytesType)
}

// fixed appends the elements of a repeated field of numbers of so many bytes, packed or
// single.
func (f field) fixed(size int, dst *[]byte) error {
	switch {
	case f.wire == protowire.BytesType && len(f.bytes)%size == 0:
		*dst = append(*dst, f.bytes...)
	case f.wire == protowire.Fixed32Type && size == 4:
		*dst = binary.LittleEndian.AppendUint32(*dst, uint32(f.value))
	case f.wire == protowire.Fixed64Type && size == 8:
		*dst = binary.LittleEndian.AppendUint64(*dst, f.value)
	default:
		return fmt.Errorf("field %d does not hold numbers of %d bytes", f.number, size)
	}
	return nil
}

// appendText appends a text, which is left out when it is empty, as the format does.
func appendText(b []byte, number protowire.Number, text string) []byte {
	if text == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, number, protowire.BytesType), text)
}

func appendMessage(b []byte, number protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), message)
}

func appendTrue(b []byte, number protowire.Number, yes bool) []byte {
	if !yes {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), 1)
}
