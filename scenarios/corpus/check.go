package corpus

import (
	"errors"
	"fmt"
	"math"

	"servebench/reports/record"
	"servebench/targets/protocol"
)

// The classes of a Judgement that is not right.
const (
	TooLong     = "too long"     // the response is longer than MaxAnswer
	Decode      = "decode"       // the response does not hold one answer per example
	WrongAnswer = "wrong answer" // an answer is not the model's offline prediction, or not what a template expects
)

// Tolerance is how far a probability may be from the offline prediction:
// float32 arithmetic in another order, and its decimal form, stay below it.
const Tolerance = 1e-6

// Judgement is what Check found of one response.
type Judgement struct {
	Class   string         // "" when it is right, else Decode or WrongAnswer
	Text    string         // what is wrong; "" when nothing is
	Answers record.Answers // one per example
}

// memo remembers the last response judged for a request. Servers are
// deterministic, so nearly every response equals the one before, and comparing
// bytes is far cheaper than decoding them.
type memo struct {
	known       bool
	status      int
	contentType string
	body        []byte
	length      int64
	judgement   Judgement
}

// Check judges a response with a status that Accepts takes to the i-th request
// against what is expected of that very request. It keeps no part of the response.
func (c *Corpus) Check(i int, response protocol.Response) Judgement {
	e := &c.entries[i]
	if e.memo.holds(response) {
		return e.memo.judgement
	}
	judgement := e.from.judge(e, response)
	e.memo = memo{
		known:       true,
		status:      response.Status,
		contentType: contentType(response),
		body:        append(e.memo.body[:0], response.Body...),
		length:      response.Length,
		judgement:   judgement,
	}
	return judgement
}

func (m *memo) holds(r protocol.Response) bool {
	return m.known && m.status == r.Status && m.length == r.Length && string(m.body) == string(r.Body) && m.contentType == contentType(r)
}

// contentType is read without Header.Get, which would spend its time on the
// name's canonical form.
func contentType(r protocol.Response) string {
	if values := r.Header["Content-Type"]; len(values) > 0 {
		return values[0]
	}
	return ""
}

func (c *Corpus) judge(e *entry, response protocol.Response) Judgement {
	reply, err := c.protocol.Decode(response)
	if wrong, ok := errors.AsType[*protocol.WrongAnswerError](err); ok {
		return Judgement{Class: WrongAnswer, Text: wrong.Text, Answers: record.Answers{Checked: 1}}
	}
	if err != nil {
		return Judgement{Class: Decode, Text: err.Error()}
	}
	if reply.ID != "" && reply.ID != e.id {
		return Judgement{Class: WrongAnswer, Text: fmt.Sprintf("the answer to request %q says it is to %q", e.id, reply.ID)}
	}
	answers := reply.Answers
	if len(answers) != len(e.expect) {
		return Judgement{Class: Decode, Text: fmt.Sprintf("%d answers to %d examples", len(answers), len(e.expect))}
	}
	var out Judgement
	if reply.Compared {
		out.Answers = record.Answers{Checked: 1, Agreed: 1}
	}
	for j, answer := range answers {
		expect := e.expect[j]
		if c.labelled {
			out.Answers.Labelled++
			if answer.Label == expect.label {
				out.Answers.Correct++
			}
		}
		if !c.known {
			continue
		}
		out.Answers.Checked++
		if expect.agrees(answer) {
			out.Answers.Agreed++
		} else if out.Class == "" {
			out.Class = WrongAnswer
			out.Text = fmt.Sprintf("example %d: answered %s, want %s", j, describe(answer), describe(protocol.Answer{
				Label: expect.prediction, Probability: expect.probability,
			}))
		}
	}
	return out
}

// agrees compares an answer with the offline prediction: the label, and the
// probability where the answer holds one.
func (x expectation) agrees(a protocol.Answer) bool {
	if a.Label != x.prediction {
		return false
	}
	return math.IsNaN(a.Probability) || math.Abs(a.Probability-x.probability) <= Tolerance
}

func describe(a protocol.Answer) string {
	if math.IsNaN(a.Probability) {
		return fmt.Sprintf("class %d", a.Label)
	}
	return fmt.Sprintf("class %d with probability %.8g", a.Label, a.Probability)
}

const (
	// MaxAnswer is the longest answer that Check can be given where its protocol needs
	// the whole, in bytes.
	MaxAnswer = 16 << 20
	// shown is how many bytes of every answer are kept, to be shown should it be wrong.
	shown = 1 << 10
)

// ErrTooLong is the error of an answer that is longer than MaxAnswer.
var ErrTooLong = errors.New("the answer is longer than 16 MiB, and no answer that long is checked")

// Limit returns how many bytes of an answer with a status Check needs at most, and what
// is wrong with one that is longer; nil: the rest need not be kept.
func (c *Corpus) Limit(status int) (most int, tooLong error) {
	if !c.Accepts(status) {
		return shown, nil
	}
	if p, ok := c.protocol.(protocol.BodyLimiter); ok {
		return max(p.BodyLimit(), shown), nil
	}
	return MaxAnswer, ErrTooLong
}
