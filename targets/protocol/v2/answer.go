package v2

import (
	"fmt"
	"math"

	"servebench/targets/protocol"
)

// answerDecoder reads one infer response.
type answerDecoder struct {
	reader
	classes     []string // labels index them; none: any number is a label
	id          string
	label       column
	probability column
	others      []tensor // outputs that are named neither label nor probability
}

// column is the values of one output tensor.
type column struct {
	found  bool
	values []float64
}

// Decode reads the id, label and probability, of which one may be missing: the label
// then follows from the probability, or the probability is NaN. Where no output has
// their names, those that other servers give are known, see guess. Unknown outputs
// beside them and fields are passed over.
func (c *client) Decode(resp protocol.Response) (protocol.Reply, error) {
	if resp.Header.Get(binaryHeader) != "" {
		return protocol.Reply{}, fmt.Errorf("decode: header %s: the answer holds binary tensors, want JSON", binaryHeader)
	}
	d := answerDecoder{
		reader:  reader{scanner: scanner{src: resp.Body}, tensors: "outputs"},
		classes: c.schema.Classes,
	}
	d.document()
	d.guess()
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
		default:
			d.others = append(d.others, t)
		}
	}
}

// agree checks what the outputs say together.
func (d *answerDecoder) agree() {
	if len(d.faults) == 0 && d.label.found && d.probability.found && len(d.label.values) != len(d.probability.values) {
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
