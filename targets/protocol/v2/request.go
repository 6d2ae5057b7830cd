package v2

import (
	"errors"
	"slices"
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
		reader: reader{scanner: scanner{src: body}},
		limits: limits,
		req:    req,
	}
	d.readDocument()
	return d.problem()
}

func (d *requestDecoder) readDocument() {
	if d.expect('{', -1, "body") {
		for key := range d.object {
			switch string(key) {
			case "id":
				if d.expect('"', -1, "id") {
					d.req.id = d.str()
				}
			case "inputs":
				d.readInputs()
			case "outputs":
				d.readOutputs()
			default:
				d.skipValue()
			}
		}
		if !d.found && len(d.faults) == 0 {
			d.fault("inputs: want one tensor named %q", inputName)
		}
	}
	d.expectEnd()
}

func (d *requestDecoder) readInputs() {
	d.tensors = "inputs"
	if !d.expect('[', -1, "inputs") {
		return
	}
	for i := range d.array {
		if !d.expect('{', i, "") {
			continue
		}
		t := d.readTensor(i)
		switch {
		case string(t.name) != inputName:
			d.fault("inputs[%d].name: unknown input %q, want %q", i, shorten(t.name), inputName)
		case d.found:
			d.fault("inputs[%d].name: %q is given twice", i, inputName)
		default:
			d.found = true
			d.readFeatures(t)
		}
	}
}

func (d *requestDecoder) readFeatures(t tensor) {
	typ, known := numericType(t.datatype)
	if !known {
		d.fault("inputs[%d].datatype: %q is not one of %s", t.index, shorten(t.datatype), numericNames())
	}
	if d.checkShape(t) && known {
		d.req.rows = int(t.shape[0])
		d.req.features = readData(&d.reader, t, typ, int(t.shape[0]), int(t.shape[1]), d.req.features)
	}
}

func (d *requestDecoder) checkShape(t tensor) bool {
	rows, width, faults := t.shape[0], t.shape[1], len(d.faults)
	switch {
	case !t.shaped:
		d.fault("inputs[%d].shape: missing", t.index)
	case t.dims != 2:
		d.fault("inputs[%d].shape: want two dimensions, [rows, features], got %d", t.index, t.dims)
	case d.limits.width > 0 && width != int64(d.limits.width):
		d.fault("inputs[%d].shape: %d features in a row, the model wants %d", t.index, width, d.limits.width)
	case rows < 1 || width < 1:
		d.fault("inputs[%d].shape: [%d,%d] holds nothing", t.index, rows, width)
	case d.limits.rows > 0 && rows > int64(d.limits.rows):
		d.fault("inputs[%d].shape: a batch of %d rows is over the limit of %d", t.index, rows, d.limits.rows)
	}
	return len(d.faults) == faults
}

func (d *requestDecoder) readOutputs() {
	d.tensors = "outputs"
	if !d.expect('[', -1, "outputs") {
		return
	}
	d.req.outputs = d.req.outputs[:0]
	for i := range d.array {
		if d.expect('{', i, "") {
			d.addOutput(d.readTensor(i))
		}
	}
}

func (d *requestDecoder) addOutput(t tensor) {
	kind, ok := outputNamed(d.limits.outputs, t.name)
	switch {
	case !ok:
		d.fault("outputs[%d].name: unknown output %q, want one of %s", t.index, shorten(t.name), outputNames(d.limits.outputs))
	case slices.Contains(d.req.outputs, kind):
		d.fault("outputs[%d].name: %q is asked for twice", t.index, kind.name())
	default:
		d.req.outputs = append(d.req.outputs, kind)
	}
}
