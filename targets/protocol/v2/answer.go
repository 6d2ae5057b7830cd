package v2

import (
	"fmt"
	"math"

	"servebench/targets/protocol"
)

// answerDecoder reads one infer response.
type answerDecoder struct {
	reader
	classes     int // labels are below it; 0: any number
	id          string
	label       column
	probability column
}

// column is the values of one output tensor.
type column struct {
	found  bool
	values []float64
}

// Decode reads the id, label and probability, of which one may be missing: the label
// then follows from the probability, and the probability is NaN. Unknown
// outputs and fields are passed over.
func (c *client) Decode(resp protocol.Response) (protocol.Reply, error) {
	if resp.Header.Get(binaryHeader) != "" {
		return protocol.Reply{}, fmt.Errorf("decode: header %s: the answer holds binary tensors, want JSON", binaryHeader)
	}
	d := answerDecoder{
		reader:  reader{scanner: scanner{src: resp.Body}, tensors: "outputs"},
		classes: len(c.schema.Classes),
	}
	d.document()
	d.agree()
	if err := d.problem(); err != nil {
		return protocol.Reply{}, fmt.Errorf("decode: %w", err)
	}
	return protocol.Reply{ID: d.id, Answers: d.answers()}, nil
}

func (d *answerDecoder) document() {
	if d.expect('{', -1, "body") {
		for key := range d.object {
			switch string(key) {
			case "id":
				d.readID()
			case "outputs":
				d.outputs()
			default:
				d.skip()
			}
		}
	}
	d.end()
}

// readID reads the id, which a server may leave out or, having got none, send as
// null.
func (d *answerDecoder) readID() {
	if d.peek() == 'n' {
		d.skip()
	} else if d.expect('"', -1, "id") {
		d.id = string(d.str())
	}
}

func (d *answerDecoder) outputs() {
	if !d.expect('[', -1, "outputs") {
		return
	}
	for i := range d.array {
		if !d.expect('{', i, "") {
			continue
		}
		t := d.tensor(i)
		switch string(t.name) {
		case labelOutput.name():
			d.readLabels(t)
		case probabilityOutput.name():
			d.readProbabilities(t)
		}
	}
}

func (d *answerDecoder) readLabels(t tensor) {
	typ, _ := numericType(t.datatype)
	if typ.kind != signed && typ.kind != unsigned {
		d.fault("outputs[%d].datatype: a label is an integer, got %q", t.index, shorten(t.datatype))
		return
	}
	most := float64(d.classes - 1)
	if d.classes == 0 {
		most = math.MaxInt32
	}
	d.read(&d.label, t, typ, most, "a label")
}

func (d *answerDecoder) readProbabilities(t tensor) {
	typ, _ := numericType(t.datatype)
	if typ.kind != floating {
		d.fault("outputs[%d].datatype: a probability is FP32 or FP64, got %q", t.index, shorten(t.datatype))
		return
	}
	d.read(&d.probability, t, typ, 1, "a probability")
}

// read fills the column with the tensor's values, each in [0, most].
func (d *answerDecoder) read(c *column, t tensor, typ numeric, most float64, what string) {
	switch {
	case c.found:
		d.fault("outputs[%d].name: %q is given twice", t.index, shorten(t.name))
		return
	case !t.shaped:
		d.fault("outputs[%d].shape: missing", t.index)
		return
	case t.dims != 1 && (t.dims != 2 || t.shape[1] != 1) || t.shape[0] < 1:
		d.fault("outputs[%d].shape: want one value per row, [rows] or [rows,1]", t.index)
		return
	}
	c.found = true
	c.values = readData(&d.reader, t, typ, int(t.shape[0]), 1, c.values)
	for i, v := range c.values {
		if !(0 <= v && v <= most) {
			d.fault("outputs[%d].data[%d]: %g is not %s in 0…%g", t.index, i, v, what, most)
		}
	}
}

// agree checks what the outputs say together.
func (d *answerDecoder) agree() {
	switch {
	case len(d.faults) > 0:
	case !d.label.found && !d.probability.found:
		d.fault("outputs: want %q or %q, got neither", labelOutput.name(), probabilityOutput.name())
	case d.label.found && d.probability.found && len(d.label.values) != len(d.probability.values):
		d.fault("outputs: %d labels but %d probabilities", len(d.label.values), len(d.probability.values))
	}
}

func (d *answerDecoder) answers() []protocol.Answer {
	answers := make([]protocol.Answer, max(len(d.label.values), len(d.probability.values)))
	for i := range answers {
		answers[i].Probability = math.NaN()
		if d.probability.found {
			answers[i].Probability = d.probability.values[i]
			answers[i].Label = labelOf(d.probability.values[i])
		}
		if d.label.found {
			answers[i].Label = int(d.label.values[i])
		}
	}
	return answers
}
