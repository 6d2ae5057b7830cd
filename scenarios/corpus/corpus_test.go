package corpus

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/reports/record"
	"servebench/targets/protocol"
)

// uniform is a generator of one feature in [0, 1) whose label is its rounding.
type uniform struct{}

func (uniform) Schema() generators.Schema { return generators.Schema{} }

func (uniform) Next(rng *rand.Rand) generators.Example {
	x := rng.Float32()
	return generators.Example{Features: []float32{x}, Label: generators.Classified(int(math.Round(float64(x))))}
}

// plain is a protocol of bare JSON arrays.
type plain struct{ fail bool }

func (p plain) Encode(id string, batch []generators.Example) (protocol.Request, error) {
	if p.fail {
		return protocol.Request{}, errors.New("no words for it")
	}
	var features []float32
	for _, e := range batch {
		features = append(features, e.Features...)
	}
	body, err := json.Marshal(map[string]any{"id": id, "x": features})
	return protocol.Request{Method: "POST", Path: "/infer", Header: http.Header{"A": {"b"}}, Body: body}, err
}

func (plain) Decode(r protocol.Response) (protocol.Reply, error) {
	var probabilities []*float64
	named := struct {
		ID string
		P  *[]*float64
	}{P: &probabilities}
	if json.Unmarshal(r.Body, &named) != nil { // an answer without an id is the bare list
		if err := json.Unmarshal(r.Body, &probabilities); err != nil {
			return protocol.Reply{}, err
		}
	}
	answers := make([]generators.Answer, len(probabilities))
	for i, p := range probabilities {
		if p == nil {
			answers[i] = generators.Classified(1)
			continue
		}
		answers[i] = generators.Probable([]float32{float32(1 - *p), float32(*p)})
	}
	return protocol.Reply{ID: named.ID, Answers: answers}, nil
}

// identity is a model of two classes whose probability of class 1 is the feature.
func identity() protocol.Model {
	return twoClasses(func(features []float32) float32 { return features[0] })
}

func twoClasses(probability func([]float32) float32) protocol.Model {
	m := protocol.Model{Predict: protocol.Binary(probability)}
	m.Schema.Classes = []string{"0", "1"}
	return m
}

func build(t testing.TB, cfg Config) *Corpus {
	t.Helper()
	cfg.Generator, cfg.Protocol = uniform{}, plain{}
	c, err := Build(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSameSeedSameBytes(t *testing.T) {
	cfg := Config{Size: 50, Batch: 3, Seed: 7}
	a, b := build(t, cfg), build(t, cfg)
	for i := range a.Len() {
		if string(a.Request(i).Wire().Body) != string(b.Request(i).Wire().Body) {
			t.Fatalf("request %d differs", i)
		}
	}
	if a.Hash() != b.Hash() || len(a.Hash()) != 64 {
		t.Errorf("hashes %q and %q, want equal ones of 64 digits", a.Hash(), b.Hash())
	}
}

func TestHashTellsCorporaApart(t *testing.T) {
	seen := map[string]Config{}
	for _, cfg := range []Config{
		{Size: 10, Batch: 2, Seed: 1},
		{Size: 10, Batch: 2, Seed: 2},
		{Size: 11, Batch: 2, Seed: 1},
		{Size: 10, Batch: 1, Seed: 1},
	} {
		h := build(t, cfg).Hash()
		if other, ok := seen[h]; ok {
			t.Errorf("%+v and %+v have the same hash", cfg, other)
		}
		seen[h] = cfg
	}
}

func TestRequestsAreDistinct(t *testing.T) {
	c := build(t, Config{Size: 100, Batch: 1, Seed: 1})
	seen := map[string]bool{}
	for i := range c.Len() {
		body := string(c.Request(i).Wire().Body)
		if !strings.Contains(body, fmt.Sprintf(`"servebench-%d"`, i)) || seen[body] {
			t.Errorf("request %d is %s, want one with an id of its own", i, body)
		}
		seen[body] = true
	}
}

func TestBuildMistakes(t *testing.T) {
	for _, m := range []struct {
		cfg  Config
		want string
	}{
		{Config{Size: 0, Batch: 1, Protocol: plain{}}, "size: 0 requests"},
		{Config{Size: 1, Batch: 0, Protocol: plain{}}, "batch: 0 examples"},
		{Config{Size: 1, Batch: 1, Protocol: plain{fail: true}}, "encode request 0: no words for it"},
	} {
		m.cfg.Generator = uniform{}
		if _, err := Build(m.cfg); err == nil || !strings.Contains(err.Error(), m.want) {
			t.Errorf("error %v, want one that says %q", err, m.want)
		}
	}
}

// truth returns the right answers to a request of build's corpora.
func truth(t testing.TB, r protocol.Request) []float64 {
	t.Helper()
	var sent struct{ X []float32 }
	if err := json.Unmarshal(r.Body, &sent); err != nil {
		t.Fatal(err)
	}
	answers := make([]float64, len(sent.X))
	for i, x := range sent.X {
		answers[i] = float64(x)
	}
	return answers
}

func respond(t testing.TB, answers any) protocol.Response {
	t.Helper()
	body, err := json.Marshal(answers)
	if err != nil {
		t.Fatal(err)
	}
	return protocol.Response{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
}

func TestCheckRightAnswers(t *testing.T) {
	c := build(t, Config{Size: 20, Batch: 4, Seed: 1, Model: identity()})
	for range 2 { // the second time from memory
		for i := range c.Len() {
			got := c.Request(i).Check(respond(t, truth(t, c.Request(i).Wire())))
			if got != (Judgement{Answers: record.Answers{Checked: 4, Agreed: 4, Labelled: 4, Correct: 4}}) {
				t.Errorf("request %d: %+v, want all right", i, got)
			}
		}
	}
}

func TestCheckWrongAnswers(t *testing.T) {
	c := build(t, Config{Size: 1, Batch: 2, Seed: 1, Model: identity()})
	right := truth(t, c.Request(0).Wire())
	if math.Round(right[0]) == math.Round(right[1]) {
		t.Fatal("the seed gives two examples of one class; swapping their answers would change nothing")
	}
	for _, m := range []struct {
		name     string
		response protocol.Response
		class    string
		text     string
		counts   record.Answers
	}{
		{"probability off by 2e-6", respond(t, []float64{right[0] + 2e-6, right[1]}), WrongAnswer,
			"example 0: answered class", record.Answers{Checked: 2, Agreed: 1, Labelled: 2, Correct: 2}},
		{"probability off by 1e-7", respond(t, []float64{right[0] + 1e-7, right[1]}), "", "", record.Answers{Checked: 2, Agreed: 2, Labelled: 2, Correct: 2}},
		{"both classes flipped", respond(t, []float64{1 - right[0], 1 - right[1]}), WrongAnswer,
			"example 0: answered class", record.Answers{Checked: 2, Agreed: 0, Labelled: 2, Correct: 0}},
		{"answers swapped", respond(t, []float64{right[1], right[0]}), WrongAnswer, "example 0", record.Answers{Checked: 2, Agreed: 0, Labelled: 2, Correct: 0}},
		{"too few answers", respond(t, right[:1]), Decode, "1 answers to 2 examples", record.Answers{}},
		{"not an answer", protocol.Response{Status: 200, Body: []byte("<html>")}, Decode, "invalid character", record.Answers{}},
	} {
		for range 2 {
			got := c.Request(0).Check(m.response)
			if got.Class != m.class || !strings.Contains(got.Text, m.text) || got.Answers != m.counts {
				t.Errorf("%s: %+v, want class %q, text %q, counts %+v", m.name, got, m.class, m.text, m.counts)
			}
		}
	}
}

// TestAnswerToAnotherRequest checks that an answer that names another request is
// wrong even where its values happen to be right, and its own name is not.
func TestAnswerToAnotherRequest(t *testing.T) {
	c := build(t, Config{Size: 2, Batch: 1, Seed: 1}) // of an unknown model: the id is all there is to check
	p := truth(t, c.Request(0).Wire())
	own := c.Request(0).Check(respond(t, map[string]any{"id": "servebench-0", "p": p}))
	if own.Class != "" {
		t.Errorf("%+v, want the answer with its own id to be right", own)
	}
	other := c.Request(0).Check(respond(t, map[string]any{"id": "servebench-1", "p": p}))
	if other.Class != WrongAnswer || !strings.Contains(other.Text, "servebench-1") {
		t.Errorf("%+v, want a wrong answer that names the other request", other)
	}
}

// TestLabelAloneAgrees checks that an answer without a probability is judged by
// its class.
func TestLabelAloneAgrees(t *testing.T) {
	c := build(t, Config{Size: 1, Batch: 1, Seed: 1, Model: twoClasses(func([]float32) float32 { return 0.5 })})
	got := c.Request(0).Check(protocol.Response{Status: 200, Body: []byte("[null]")})
	if got.Class != "" || got.Answers.Agreed != 1 {
		t.Errorf("%+v, want agreement: a prediction of 0.5 is class 1", got)
	}
}

func TestUnknownModelLeavesAgreementUnknown(t *testing.T) {
	c := build(t, Config{Size: 1, Batch: 2, Seed: 1})
	got := c.Request(0).Check(respond(t, truth(t, c.Request(0).Wire())))
	if got != (Judgement{Answers: record.Answers{Labelled: 2, Correct: 2}}) {
		t.Errorf("%+v, want labels compared and nothing else", got)
	}
}

// TestMemoIsPerRequest sends one request's answer to another.
func TestMemoIsPerRequest(t *testing.T) {
	c := build(t, Config{Size: 2, Batch: 1, Seed: 1, Model: identity()})
	first := respond(t, truth(t, c.Request(0).Wire()))
	if got := c.Request(0).Check(first); got.Class != "" {
		t.Fatalf("%+v, want right", got)
	}
	if got := c.Request(1).Check(first); got.Class != WrongAnswer {
		t.Errorf("%+v, want a wrong answer", got)
	}
}

func BenchmarkCheckFromMemory(b *testing.B) {
	c := build(b, Config{Size: 1000, Batch: 1, Seed: 1, Model: identity()})
	// Bodies of the size a server sends, each in memory of its own as they are
	// when read from the network.
	var responses [2][]protocol.Response
	for copy := range responses {
		for i := range c.Len() {
			r := respond(b, truth(b, c.Request(i).Wire()))
			r.Body = append(r.Body, strings.Repeat(" ", 150-len(r.Body))...)
			responses[copy] = append(responses[copy], r)
		}
	}
	for i, r := range responses[0] {
		c.Request(i).Check(r)
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		i := n % c.Len()
		if c.Request(i).Check(responses[1][i]).Class != "" {
			b.Fatal("wrong answer")
		}
	}
}
