package corpus

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"servebench/generators"
	"servebench/reports/record"
	"servebench/targets/protocol"
)

// The classes of a Judgement that is not right.
const (
	TooLong     = "too long"     // the response is longer than MaxAnswer
	Decode      = "decode"       // the response does not hold one answer per example
	WrongAnswer = "wrong answer" // an answer is not the model's offline prediction, or not what a template expects
)

// Judgement is what Check found of one response.
type Judgement struct {
	Class   string         // "" when it is right, else Decode, WrongAnswer or what the protocol calls a failure
	Text    string         // what is wrong; "" when nothing is
	Status  int            // as of a protocol.Failure; 0: Class is none
	Answers record.Answers // one per example
}

// memo remembers the last response judged for a request. Servers are
// deterministic, so nearly every response equals the one before, and comparing
// bytes is far cheaper than decoding them.
type memo struct {
	known       bool
	status      int
	contentType string
	headers     []string // of the fields that a protocol reads beside it
	body        []byte
	length      int64
	judgement   Judgement
	predictions []Prediction
	by          []*served // the models that it was judged by; nil: what the request expects
}

// Check judges a response to the request, with a status that Accepts takes, against
// what is expected of that very request. It keeps no part of the response.
func (r *Request) Check(response protocol.Response) Judgement {
	return r.CheckBy(response, nil, 0, 0)
}

// CheckBy is Check where the model was swapped: the answer to a request that was sent and done at
// these times has to be that of one of the models that may have given it. What nobody knows the
// right answer to is not judged.
func (r *Request) CheckBy(response protocol.Response, s *Serving, sent, done time.Duration) Judgement {
	if r.from.failures != nil {
		if failure := r.from.failures.Failure(response); failure.Class != "" {
			r.predictions = nil
			return Judgement{Class: failure.Class, Text: failure.Text, Status: failure.Status}
		}
	}
	models := s.standIns(r, sent, done)
	if r.memo.holds(response, r.from.headers) && slices.Equal(r.memo.by, models) {
		r.predictions = r.memo.predictions
		return r.memo.judgement
	}
	r.predictions = nil
	judgement := r.from.judge(r, response, models)
	if r.from.Streamed() { // and the request is not sent again
		return judgement
	}
	r.memo = memo{
		known:       true,
		status:      response.Status,
		contentType: field(response, "Content-Type"),
		headers:     fields(response, r.from.headers),
		body:        append(r.memo.body[:0], response.Body...),
		length:      response.Length,
		judgement:   judgement,
		predictions: r.predictions,
		by:          models,
	}
	return judgement
}

func (m *memo) holds(r protocol.Response, headers []string) bool {
	if !m.known || m.status != r.Status || m.length != r.Length || string(m.body) != string(r.Body) || m.contentType != field(r, "Content-Type") {
		return false
	}
	for i, name := range headers {
		if m.headers[i] != field(r, name) {
			return false
		}
	}
	return true
}

func fields(r protocol.Response, names []string) []string {
	var values []string
	for _, name := range names {
		values = append(values, field(r, name))
	}
	return values
}

// field reads a header field by its canonical name, without Header.Get, which would
// spend its time on the name's canonical form.
func field(r protocol.Response, name string) string {
	if values := r.Header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

func (c *Corpus) judge(r *Request, response protocol.Response, models []*served) Judgement {
	reply, err := c.protocol.Decode(response)
	if wrong, ok := errors.AsType[*protocol.WrongAnswerError](err); ok {
		return Judgement{Class: WrongAnswer, Text: wrong.Text, Answers: record.Answers{Checked: 1}}
	}
	if err != nil {
		return Judgement{Class: Decode, Text: err.Error()}
	}
	if reply.ID != "" && reply.ID != r.id {
		return Judgement{Class: WrongAnswer, Text: fmt.Sprintf("the answer to request %q says it is to %q", r.id, reply.ID)}
	}
	if len(reply.Answers) != len(r.expect) {
		return Judgement{Class: Decode, Text: fmt.Sprintf("%d answers to %d examples", len(reply.Answers), len(r.expect))}
	}
	if len(models) == 0 {
		return c.compare(r, reply, nil)
	}
	// All are answers of one model: the latest of which that is so, or that is not known.
	out := c.compare(r, reply, models[len(models)-1])
	for _, m := range slices.Backward(models[:len(models)-1]) {
		if out.Class == "" {
			break
		}
		if other := c.compare(r, reply, m); other.Class == "" {
			out = other
		}
	}
	return out
}

// compare judges the answers to a request by a model; nil: by what the request expects.
func (c *Corpus) compare(r *Request, reply protocol.Reply, m *served) Judgement {
	var out Judgement
	if reply.Compared {
		out.Answers = record.Answers{Checked: 1, Agreed: 1}
	}
	if r.from.monitored {
		r.predictions = make([]Prediction, len(reply.Answers))
	}
	for j, answer := range reply.Answers {
		expect := &r.expect[j]
		if r.from.monitored {
			r.predictions[j] = c.comparison.predict(answer, expect.observed())
		}
		if answer.Kind == generators.None {
			continue
		}
		if label := expect.observed(); label.Kind != generators.None {
			out.Answers.Labelled++
			if c.comparison.agrees(label, answer) {
				out.Answers.Correct++
			} else if r.from.labels.unlike(label, answer) {
				if out.Answers.Unlike++; out.Answers.Unlike == 1 {
					out.Answers.Example = c.comparison.pair(label, answer)
				}
			}
		}
		want := m.wants(r, j)
		if want.Kind == generators.None {
			continue
		}
		out.Answers.Checked++
		if c.comparison.agrees(want, answer) {
			out.Answers.Agreed++
		} else if out.Class == "" {
			out.Class = WrongAnswer
			out.Text = fmt.Sprintf("%sanswered %s, want %s", r.nameExample(j), c.comparison.describe(answer), c.comparison.describe(want))
		}
	}
	return out
}

// nameExample says which example of a request is spoken of: "loans.csv, record 17: ", or
// "" of a single one that no file holds.
func (r *Request) nameExample(j int) string {
	switch n := len(r.expect); {
	case r.from.from.Records != nil:
		return fmt.Sprintf("%s, record %d: ", r.from.from.Records.File().Name(), r.number*n+j+1)
	case n > 1:
		return fmt.Sprintf("example %d: ", j)
	}
	return ""
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
		if most := p.BodyLimit(); most >= 0 {
			return max(most, shown), nil
		}
	}
	return MaxAnswer, ErrTooLong
}
