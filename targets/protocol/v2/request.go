package v2

import (
	"slices"
	"strconv"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/jsonbody"
	"servebench/targets/protocol/tensors"
)

// binaryHeader marks a body that holds binary tensors.
const binaryHeader = "Inference-Header-Content-Length"

// requestDecoder reads one infer request.
type requestDecoder struct {
	reader
	model   *protocol.Served
	offered []tensors.Output
	asked   *askedOutputs
	batch   *protocol.Batch
	found   bool // the input tensor
}

// askedOutputs are the outputs that a request asks for, and which of them in binary.
type askedOutputs struct {
	outputs []tensors.Output
	binary  []bool
	all     bool // in binary that say nothing of it
	// raw has room for the binary data of the answer.
	raw []byte
}

// decodeRequest reads the body of a batch, whose State gets the outputs asked for; of a
// request that names none those offered. head is what the header binaryHeader says. The
// error names every field at fault.
func decodeRequest(m *protocol.Served, offered []tensors.Output, b *protocol.Batch, head string) error {
	asked, ok := b.State.(*askedOutputs)
	if !ok {
		asked = new(askedOutputs)
		b.State = asked
	}
	*asked = askedOutputs{outputs: asked.outputs[:0], binary: asked.binary[:0], raw: asked.raw}
	r, err := newReader(b.Body, head)
	if err != nil {
		return err
	}
	d := requestDecoder{reader: r, model: m, offered: offered, asked: asked, batch: b}
	if head == "0" {
		d.readRaw()
	} else {
		d.readDocument()
	}
	if len(asked.outputs) == 0 {
		asked.outputs = append(asked.outputs, offered...)
	}
	for len(asked.binary) < len(asked.outputs) {
		asked.binary = append(asked.binary, asked.all)
	}
	return d.Problem()
}

// readRaw reads a body that is one row of the model's input and nothing else.
func (d *requestDecoder) readRaw() {
	d.found = true
	d.readBinary(&tensor{datatype: []byte("FP32"), shaped: true, dims: 2, shape: [maxDims]int64{1, int64(len(d.raw) / 4)}}, d.raw)
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
			case "parameters":
				d.readRequestParameters()
			default:
				d.Skip()
			}
		}
		if !d.found && len(d.Faults) == 0 {
			d.Fault("inputs: want one tensor named %q", tensors.InputName)
		}
	}
	d.ExpectEnd()
	d.checkRest()
}

func (d *requestDecoder) readRequestParameters() {
	if d.Peek() != '{' {
		d.Skip()
		return
	}
	for key := range d.Object {
		switch string(key) {
		case "binary_data_output":
			d.asked.all = d.Peek() == 't'
		case "timeout":
			d.readTimeout()
			continue
		}
		d.Skip()
	}
}

// readTimeout reads the parameter timeout, which is in microseconds as Triton's is; 0 is none.
func (d *requestDecoder) readTimeout() {
	text := d.Raw()
	micros, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || micros < 0 {
		d.Fault("parameters.timeout: want microseconds, 0 or more, got %.40s", text)
	}
	d.batch.Timeout = protocol.Micros(micros)
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
		case string(t.name) != tensors.InputName:
			d.Fault("inputs[%d].name: unknown input %q, want %q", i, jsonbody.Shorten(t.name), tensors.InputName)
		case d.found:
			d.Fault("inputs[%d].name: %q is given twice", i, tensors.InputName)
		default:
			d.found = true
			d.readFeatures(t)
		}
	}
}

func (d *requestDecoder) readFeatures(t *tensor) {
	typ := generators.DatatypeNamed(string(t.datatype))
	known := jsonbody.IsNumeric(typ)
	if !known {
		d.Fault("inputs[%d].datatype: %q is not one of %s", t.index, jsonbody.Shorten(t.datatype), jsonbody.NumericNames())
	}
	binary := d.takeBinary(t)
	if !d.checkShape(t) || !known {
		return
	}
	if binary != nil {
		d.readBinary(t, binary)
	} else {
		d.batch.Rows = int(t.shape[0])
		d.batch.Features = readData(&d.reader, t, typ, int(t.shape[0]), int(t.shape[1]), d.batch.Features)
	}
}

// readBinary takes the features from the bytes of a tensor.
func (d *requestDecoder) readBinary(t *tensor, data []byte) {
	in := generators.Tensor{Name: tensors.InputName, Datatype: generators.DatatypeNamed(string(t.datatype)), Shape: t.shape[:t.dims], Data: data}
	var err error
	if d.batch.Features, d.batch.Rows, err = tensors.Rows(d.batch.Features, []generators.Tensor{in}, d.model); err != nil {
		d.Fault("%v", err)
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
	d.asked.outputs, d.asked.binary = d.asked.outputs[:0], d.asked.binary[:0]
	for i := range d.Array {
		if d.Expect('{', i, "") {
			d.readTensor(&d.tensor, i)
			d.addOutput(&d.tensor)
		}
	}
}

func (d *requestDecoder) addOutput(t *tensor) {
	kind, ok := tensors.Named(d.offered, t.name)
	switch {
	case !ok:
		d.Fault("outputs[%d].name: unknown output %q, want one of %s", t.index, jsonbody.Shorten(t.name), tensors.Names(d.offered))
	case slices.Contains(d.asked.outputs, kind):
		d.Fault("outputs[%d].name: %q is asked for twice", t.index, kind.Name())
	default:
		d.asked.outputs = append(d.asked.outputs, kind)
		d.asked.binary = append(d.asked.binary, t.wantBinary)
	}
}
