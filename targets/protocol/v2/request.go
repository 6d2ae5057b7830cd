package v2

import (
	"errors"
	"slices"

	"servebench/targets/protocol/jsonbody"
)

// inputName is the name of the one input tensor.
const inputName = "features"

// binaryHeader marks a body that holds binary tensors.
const binaryHeader = "Inference-Header-Content-Length"

// errBinary refuses the protocol's binary tensor extension.
var errBinary = errors.New("binary tensors are not supported; send JSON")

// request is what the server side reads from an infer request. It is reused,
// and id points into the body.
type request struct {
	id       []byte
	rows     int
	features []float32 // row by row
	outputs  []outputKind
}

// rowLimits are what a model takes and offers.
type rowLimits struct {
	width int // features in a row; 0: any number
	rows  int // in a request; 0: no limit

	outputs []outputKind // that it offers
}

// requestDecoder reads one infer request.
type requestDecoder struct {
	reader
	limits rowLimits
	req    *request
	found  bool // the input tensor
}

// decodeRequest reads body into req. The error names every field at fault, and
// is errBinary when the request needs the binary tensor extension.
func decodeRequest(body []byte, limits rowLimits, req *request) error {
	*req = request{features: req.features[:0], outputs: req.outputs[:0]}
	d := requestDecoder{
		reader: reader{Reader: jsonbody.Reader{Scanner: jsonbody.Scanner{Src: body}}},
		limits: limits,
		req:    req,
	}
	d.readDocument()
	return d.problem()
}

func (d *requestDecoder) readDocument() {
	if d.Expect('{', -1, "body") {
		for key := range d.Object {
			switch string(key) {
			case "id":
				if d.Expect('"', -1, "id") {
					d.req.id = d.Text()
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
		t := d.readTensor(i)
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

func (d *requestDecoder) readFeatures(t tensor) {
	typ, known := numericType(t.datatype)
	if !known {
		d.Fault("inputs[%d].datatype: %q is not one of %s", t.index, jsonbody.Shorten(t.datatype), jsonbody.NumericNames())
	}
	if d.checkShape(t) && known {
		d.req.rows = int(t.shape[0])
		d.req.features = readData(&d.reader, t, typ, int(t.shape[0]), int(t.shape[1]), d.req.features)
	}
}

func (d *requestDecoder) checkShape(t tensor) bool {
	rows, width, faults := t.shape[0], t.shape[1], len(d.Faults)
	switch {
	case !t.shaped:
		d.Fault("inputs[%d].shape: missing", t.index)
	case t.dims != 2:
		d.Fault("inputs[%d].shape: want two dimensions, [rows, features], got %d", t.index, t.dims)
	case d.limits.width > 0 && width != int64(d.limits.width):
		d.Fault("inputs[%d].shape: %d features in a row, the model wants %d", t.index, width, d.limits.width)
	case rows < 1 || width < 1:
		d.Fault("inputs[%d].shape: [%d,%d] holds nothing", t.index, rows, width)
	case d.limits.rows > 0 && rows > int64(d.limits.rows):
		d.Fault("inputs[%d].shape: a batch of %d rows is over the limit of %d", t.index, rows, d.limits.rows)
	}
	return len(d.Faults) == faults
}

func (d *requestDecoder) readOutputs() {
	d.List = "outputs"
	if !d.Expect('[', -1, "outputs") {
		return
	}
	d.req.outputs = d.req.outputs[:0]
	for i := range d.Array {
		if d.Expect('{', i, "") {
			d.addOutput(d.readTensor(i))
		}
	}
}

func (d *requestDecoder) addOutput(t tensor) {
	kind, ok := outputNamed(d.limits.outputs, t.name)
	switch {
	case !ok:
		d.Fault("outputs[%d].name: unknown output %q, want one of %s", t.index, jsonbody.Shorten(t.name), outputNames(d.limits.outputs))
	case slices.Contains(d.req.outputs, kind):
		d.Fault("outputs[%d].name: %q is asked for twice", t.index, kind.name())
	default:
		d.req.outputs = append(d.req.outputs, kind)
	}
}
