package v2

import (
	"errors"
	"slices"

	"servebench/targets/protocol"
	"servebench/targets/protocol/jsonbody"
)

// inputName is the name of the one input tensor.
const inputName = "features"

// binaryHeader marks a body that holds binary tensors.
const binaryHeader = "Inference-Header-Content-Length"

// errBinary refuses the protocol's binary tensor extension.
var errBinary = errors.New("binary tensors are not supported; send JSON")

// requestDecoder reads one infer request.
type requestDecoder struct {
	reader
	model   *protocol.Served
	offered []outputKind
	asked   []outputKind
	batch   *protocol.Batch
	found   bool // the input tensor
}

// decodeRequest reads the body of a batch, whose State gets the outputs asked for; of a
// request that names none those offered. The error names every field at fault, and is
// errBinary when the request needs the binary tensor extension.
func decodeRequest(m *protocol.Served, offered []outputKind, b *protocol.Batch) error {
	asked, ok := b.State.(*[]outputKind)
	if !ok {
		asked = new([]outputKind)
		b.State = asked
	}
	d := requestDecoder{
		reader:  reader{Reader: jsonbody.Reader{Scanner: jsonbody.Scanner{Src: b.Body}}},
		model:   m,
		offered: offered,
		asked:   (*asked)[:0],
		batch:   b,
	}
	d.readDocument()
	if len(d.asked) == 0 {
		d.asked = append(d.asked, offered...)
	}
	*asked = d.asked
	return d.problem()
}

func (d *requestDecoder) readDocument() {
	if d.Expect('{', -1, "body") {
		for key := range d.Object {
			switch string(key) {
			case "id":
				if d.Expect('"', -1, "id") {
					d.batch.ID = d.Text()
				}
			case "inputs":
				d.readInputs()
			case "outputs":
				d.readOutputs()
			default:
				d.Skip()
			}
		}
		if !d.found && len(d.Faults) == 0 {
			d.Fault("inputs: want one tensor named %q", inputName)
		}
	}
	d.ExpectEnd()
}

func (d *requestDecoder) readInputs() {
	d.List = "inputs"
	if !d.Expect('[', -1, "inputs") {
		return
	}
	for i := range d.Array {
		if !d.Expect('{', i, "") {
			continue
		}
		t := &d.tensor
		d.readTensor(t, i)
		switch {
		case string(t.name) != inputName:
			d.Fault("inputs[%d].name: unknown input %q, want %q", i, jsonbody.Shorten(t.name), inputName)
		case d.found:
			d.Fault("inputs[%d].name: %q is given twice", i, inputName)
		default:
			d.found = true
			d.readFeatures(t)
		}
	}
}

func (d *requestDecoder) readFeatures(t *tensor) {
	typ, known := numericType(t.datatype)
	if !known {
		d.Fault("inputs[%d].datatype: %q is not one of %s", t.index, jsonbody.Shorten(t.datatype), jsonbody.NumericNames())
	}
	if d.checkShape(t) && known {
		d.batch.Rows = int(t.shape[0])
		d.batch.Features = readData(&d.reader, t, typ, int(t.shape[0]), int(t.shape[1]), d.batch.Features)
	}
}

func (d *requestDecoder) checkShape(t *tensor) bool {
	faults := len(d.Faults)
	switch {
	case !t.shaped:
		d.Fault("inputs[%d].shape: missing", t.index)
	case t.dims != 2:
		d.Fault("inputs[%d].shape: want two dimensions, [rows, features], got %d", t.index, t.dims)
	default:
		if fault := d.model.Fault(t.shape[0], t.shape[1]); fault != "" {
			d.Fault("inputs[%d].shape: %s", t.index, fault)
		}
	}
	return len(d.Faults) == faults
}

func (d *requestDecoder) readOutputs() {
	d.List = "outputs"
	if !d.Expect('[', -1, "outputs") {
		return
	}
	d.asked = d.asked[:0]
	for i := range d.Array {
		if d.Expect('{', i, "") {
			d.readTensor(&d.tensor, i)
			d.addOutput(&d.tensor)
		}
	}
}

func (d *requestDecoder) addOutput(t *tensor) {
	kind, ok := outputNamed(d.offered, t.name)
	switch {
	case !ok:
		d.Fault("outputs[%d].name: unknown output %q, want one of %s", t.index, jsonbody.Shorten(t.name), outputNames(d.offered))
	case slices.Contains(d.asked, kind):
		d.Fault("outputs[%d].name: %q is asked for twice", t.index, kind.name())
	default:
		d.asked = append(d.asked, kind)
	}
}
