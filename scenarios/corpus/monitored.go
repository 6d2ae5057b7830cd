package corpus

import (
	"slices"
	"strconv"

	"servebench/generators"
)

// Prediction is what a server answered to one example, in short, for a monitor. It holds nothing
// of the response.
type Prediction struct {
	// Text is a class by its name or number, a number, or the beginning of another answer; "":
	// the answer is none that could be compared.
	Text string
	// Answer is a class with its probabilities, or a number; None of another answer.
	Answer generators.Answer
	// Outcome is the label of the example, as Text is; "": none is known.
	Outcome string
	Correct bool // the answer equals the Outcome
}

// predict is an answer in short. label is the example's, None where none is known.
func (c comparison) predict(answer, label generators.Answer) (p Prediction) {
	if answer.Kind == generators.None {
		return p
	}
	p.Text, p.Answer = c.brief(answer)
	if label.Kind != generators.None {
		p.Outcome, _ = c.brief(label)
		p.Correct = c.agrees(label, answer)
	}
	return p
}

// brief is an answer as text, and as a class or a number where it is one.
func (c comparison) brief(a generators.Answer) (string, generators.Answer) {
	if a.Kind == generators.Class {
		return c.className(a.Label), generators.Answer{Kind: generators.Class, Label: a.Label, Probabilities: slices.Clone(a.Probabilities)}
	}
	if label, ok := c.labelIn(a); ok && label < len(c.classes) {
		return c.classes[label], generators.Classified(label)
	}
	v, _ := jsonOf(a)
	if q, ok := number(single(v)); ok {
		text := strconv.FormatFloat(q.value, 'g', -1, 64)
		return text, generators.Answer{Kind: generators.Text, Value: generators.Value{Text: text}}
	}
	if text, is := v.(string); is {
		return shorten(text), generators.Answer{}
	}
	return c.describe(a), generators.Answer{}
}

func (c comparison) className(label int) string {
	if label >= 0 && label < len(c.classes) {
		return c.classes[label]
	}
	return strconv.Itoa(label)
}

// keepInputs keeps the rows of features of a batch, if it has such.
func (r *Request) keepInputs(batch []generators.Example) {
	if len(batch[0].Features) == 0 {
		return
	}
	for _, example := range batch {
		r.inputs = append(r.inputs, example.Features)
	}
}

// ID is what the request is called, alike in all runs with the same seed; "" of one that is
// written out.
func (r *Request) ID() string { return r.id }

// Inputs are the rows of features of a request of a Monitored corpus, one per example, in the order of
// the Schema's Features; nil: it has none. They must not be changed.
func (r *Request) Inputs() [][]float32 { return r.inputs }

// Predictions are the answers of the response that Check judged last, one per example; nil where
// none could be read, and of a corpus that is not Monitored. They must not be changed.
func (r *Request) Predictions() []Prediction { return r.predictions }

// Schema is that of the examples which the requests are made from.
func (c *Corpus) Schema() generators.Schema { return c.schema }
