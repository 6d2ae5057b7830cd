package v2

import (
	"slices"

	"servebench/generators"
	"servebench/targets/protocol/jsonbody"
)

// maxRows bounds the first dimension of an answer's tensors, which may be empty: more
// examples than any request has.
const maxRows = 1 << 20

// keepTensor reads an output of a model without classes.
func (d *answerDecoder) keepTensor(t *tensor) {
	read := generators.Tensor{Name: string(t.name), Datatype: generators.DatatypeNamed(string(t.datatype))}
	if t.shaped && t.dims == 0 { // that of one value
		t.dims, t.shape[0] = 1, 1
	}
	read.Shape = slices.Clone(t.shape[:min(t.dims, maxDims)])
	switch {
	case !jsonbody.IsNumeric(read.Datatype) && read.Datatype != generators.BYTES:
		d.Fault("outputs[%d].datatype: %q is not one of %s, BYTES", t.index, jsonbody.Shorten(t.datatype), jsonbody.NumericNames())
	case !t.shaped:
		d.Fault("outputs[%d].shape: missing", t.index)
	case t.dims > maxDims, read.Len() < 0, read.Shape[0] == 0, read.Shape[0] > maxRows:
		d.Fault("outputs[%d].shape: want a first dimension of 1 to %d rows, and at most %d dimensions; %q is %s", t.index, maxRows, maxDims, jsonbody.Shorten(t.name), t.shapeText())
	case t.data == nil:
		d.Fault("outputs[%d].data: missing", t.index)
	default:
		d.ReadElements(&read, t.data, t.index)
		d.tensors = append(d.tensors, read)
	}
}

// tensorAnswers gives each example its row of every output.
func (d *answerDecoder) tensorAnswers() []generators.Answer {
	switch {
	case d.Err != nil || len(d.Faults) > 0:
		return nil
	case len(d.tensors) == 0 && d.output != "":
		d.Fault("outputs: %q is missing", d.output)
		return nil
	case len(d.tensors) == 0:
		d.Fault("outputs: none")
		return nil
	}
	answers := make([]generators.Answer, d.tensors[0].Shape[0])
	for i, t := range d.tensors {
		rows, err := t.Rows(len(answers))
		if err != nil {
			d.Fault("outputs[%d]: %v", i, err)
			return nil
		}
		for j := range answers {
			answers[j].Kind = generators.Tensors
			answers[j].Tensors = append(answers[j].Tensors, rows[j])
		}
	}
	return answers
}
