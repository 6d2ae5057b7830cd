// Package protocoltest is the conformance suite of wire protocols: what the
// rest of the program relies on, whichever protocol it speaks. A protocol's
// own test calls Run with its client and its server side, which the suite runs
// against each other over real requests, and with damaged bytes. RunTogether runs
// the clients of several protocols against one server that speaks them all.
package protocoltest

import (
	"bytes"
	"math"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"servebench/generators"
	"servebench/targets/protocol"
)

// Subject is the protocol under test.
type Subject struct {
	Kind protocol.Kind
	// Handler is its server side.
	Handler func(protocol.Service) http.Handler
	// Tensors are the datatypes of the tensors that it carries as examples; none: it
	// carries rows of features alone. Input is what the server side calls the tensor of
	// the features.
	Tensors []generators.Datatype
	Input   string
	// Break makes a request's body one that still names its model, but cannot be
	// read; nil: half of it does.
	Break func(body []byte) []byte
}

// Run holds the subject to the contract of protocol.Kind, protocol.Protocol
// and the server side of protocol.Service.
func Run(t *testing.T, s Subject) {
	for _, part := range []struct {
		name string
		test func(*testing.T, Subject)
	}{
		{"kind is described", testKind},
		{"encoding is pure", testEncodePure},
		{"encoding makes a whole request", testEncodeRequest},
		{"encoding refuses what it cannot carry", testEncodeRefuses},
		{"encoding is safe for concurrent use", testEncodeConcurrent},
		{"answers come back", testRoundTrip},
		{"tensors are carried", testTensors},
		{"readiness is told", testReady},
		{"server refuses an unknown model", testUnknownModel},
		{"server enforces the batch limit", testBatchLimit},
		{"server reports what it did", testObserver},
		{"decoding stands damaged answers", testDamagedAnswer},
		{"server stands damaged requests", testDamagedRequest},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, s) })
	}
}

const modelName = "suite-model"

// service serves the models of the suite.
func service(changes ...func(*protocol.Served)) protocol.Service {
	var served []*protocol.Served
	for _, m := range models() {
		s := &protocol.Served{Model: m}
		for _, change := range changes {
			change(s)
		}
		served = append(served, s)
	}
	return protocol.Service{Name: "suite", Version: "1", Models: protocol.NewRegistry(served...)}
}

// models are logistic regressions of two and of four classes and a linear one, of the
// same four features. Their answers are distinct for distinct
// rows.
func models() []protocol.Model {
	schema := generators.Schema{Features: []generators.Feature{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}}}
	two, four := schema, schema
	two.Classes, four.Classes = []string{"no", "yes"}, []string{"red", "green", "blue", "none"}
	return []protocol.Model{
		{Name: modelName, Doc: "A logistic regression.", Version: "1", Schema: two, Predict: protocol.Binary(func(x []float32) float32 {
			return float32(1 / (1 + math.Exp(-weigh(x, 0))))
		})},
		{Name: modelName + "-4", Doc: "A logistic regression of four classes.", Version: "1", Schema: four, Predict: softmax},
		{Name: modelName + "-value", Doc: "A linear regression.", Version: "1", Schema: schema, Predict: func(x, scores []float32) {
			scores[0] = float32(weigh(x, 0))
		}},
	}
}

// weigh takes any value, as the models of a server have to: what is not finite is
// missing.
func weigh(x []float32, shift int) (sum float64) {
	weights := []float64{0.5, -0.25, 0.125, 1}
	for i, v := range x {
		if v-v == 0 {
			sum += float64(v) * weights[(i+shift)%len(weights)]
		}
	}
	return min(max(sum, -100), 100)
}

func softmax(x, scores []float32) {
	total := 0.0
	for i := range scores {
		total += math.Exp(weigh(x, i))
	}
	for i := range scores {
		scores[i] = float32(math.Exp(weigh(x, i)) / total)
	}
}

// makeBatch makes n examples, among them integers, tiny and large values.
func makeBatch(seed uint64, n int) []generators.Example {
	rng := rand.New(rand.NewPCG(seed, 1))
	examples := make([]generators.Example, n)
	for i := range examples {
		examples[i].Features = []float32{
			float32(rng.NormFloat64()),
			float32(rng.IntN(10)),
			float32(rng.NormFloat64() * 1e-9),
			float32(math.Copysign(rng.Float64(), rng.Float64()-0.5)),
		}
	}
	return examples
}

// open opens the protocol for the first model.
func open(t *testing.T, s Subject) protocol.Protocol {
	t.Helper()
	return openFor(t, s, models()[0])
}

func openFor(t *testing.T, s Subject, m protocol.Model) protocol.Protocol {
	t.Helper()
	p, err := s.Kind.Open(protocol.Config{Model: m.Name, Schema: m.Schema})
	if err != nil {
		t.Fatalf("open the protocol: %v", err)
	}
	return p
}

func encode(t *testing.T, p protocol.Protocol, id string, examples []generators.Example) protocol.Request {
	t.Helper()
	req, err := p.Encode(id, examples)
	if err != nil {
		t.Fatalf("encode %d examples: %v", len(examples), err)
	}
	return req
}

func testKind(t *testing.T, s Subject) {
	if s.Kind.Name == "" || strings.ContainsAny(s.Kind.Name, " /,=") {
		t.Errorf("name %q: want a word that a scenario and a command line can hold", s.Kind.Name)
	}
	if !strings.HasSuffix(s.Kind.Doc, ".") {
		t.Errorf("doc %q: want one sentence", s.Kind.Doc)
	}
	if !strings.HasPrefix(s.Kind.Ready, "/") {
		t.Errorf("ready %q: want a path with a leading slash", s.Kind.Ready)
	}
}

func testEncodePure(t *testing.T, s Subject) {
	examples := makeBatch(1, 3)
	first := encode(t, open(t, s), "id-1", examples)
	if again := encode(t, open(t, s), "id-1", examples); !reflect.DeepEqual(first, again) {
		t.Errorf("the same input gave\n%s\nand\n%s", first.Body, again.Body)
	}
	if !reflect.DeepEqual(examples, makeBatch(1, 3)) {
		t.Error("encoding changed the examples")
	}
	if other := encode(t, open(t, s), "id-1", makeBatch(2, 3)); bytes.Equal(first.Body, other.Body) {
		t.Error("different examples gave the same body")
	}
}

func testEncodeRequest(t *testing.T, s Subject) {
	p := open(t, s)
	req := encode(t, p, "", makeBatch(1, 1))
	if req.Method == "" || !strings.HasPrefix(req.Path, "/") || len(req.Body) == 0 {
		t.Errorf("got method %q, path %q and a body of %d bytes", req.Method, req.Path, len(req.Body))
	}
	if req.Header.Get("Content-Type") == "" {
		t.Error("the request has no Content-Type")
	}
	body := bytes.Clone(req.Body)
	req.Header.Set("Content-Type", "changed")
	next := encode(t, p, "", makeBatch(2, 9))
	if !bytes.Equal(body, req.Body) {
		t.Error("a later request wrote into the body of an earlier one")
	}
	if next.Header.Get("Content-Type") == "changed" {
		t.Error("two requests share their header")
	}
}

func testEncodeRefuses(t *testing.T, s Subject) {
	short := makeBatch(1, 2)
	short[1].Features = short[1].Features[:2]
	infinite := makeBatch(1, 2)
	infinite[1].Features[0] = float32(math.Inf(1))
	for name, examples := range map[string][]generators.Example{
		"an empty batch":    nil,
		"a feature missing": short,
		"an infinity":       infinite,
	} {
		if req, err := open(t, s).Encode("", examples); err == nil {
			t.Errorf("%s was encoded as %s", name, req.Body)
		}
	}
}

func testEncodeConcurrent(t *testing.T, s Subject) {
	p := open(t, s)
	want := make([]string, 8)
	for i := range want {
		want[i] = string(encode(t, p, "id", makeBatch(uint64(i), i+1)).Body)
	}
	var group sync.WaitGroup
	for i := range want {
		group.Go(func() {
			for range 50 {
				req, err := p.Encode("id", makeBatch(uint64(i), i+1))
				if err != nil || string(req.Body) != want[i] {
					t.Errorf("batch %d became %s, %v", i, req.Body, err)
					return
				}
			}
		})
	}
	group.Wait()
}

// damaged calls try with text cut at every byte, and with a few thousand
// random changes to it.
func damaged(text []byte, try func(name string, text []byte)) {
	for i := range text {
		try("cut", text[:i:i])
	}
	rng := rand.New(rand.NewPCG(7, 7))
	for range 3000 {
		changed := bytes.Clone(text)
		for range 1 + rng.IntN(3) {
			change(rng, &changed)
		}
		try("changed", changed)
	}
}

func change(rng *rand.Rand, text *[]byte) {
	if len(*text) == 0 {
		return
	}
	at := rng.IntN(len(*text))
	switch rng.IntN(4) {
	case 0: // another byte, often one that JSON gives a meaning
		const likely = "{}[]\",:-.0123456789eE\\tfn \x00\xff"
		(*text)[at] = likely[rng.IntN(len(likely))]
	case 1:
		(*text)[at] = byte(rng.IntN(256))
	case 2: // a stretch away
		end := min(len(*text), at+1+rng.IntN(8))
		*text = append((*text)[:at], (*text)[end:]...)
	case 3: // a stretch twice
		end := min(len(*text), at+1+rng.IntN(16))
		*text = append((*text)[:end:end], (*text)[at:]...)
	}
}

// testDamagedAnswer expects an error or answers in range, and no panic. A
// truncated answer is never taken.
func testDamagedAnswer(t *testing.T, s Subject) {
	p, classes := open(t, s), len(models()[0].Schema.Classes)
	resp := sendTo(s.Handler(service()), encode(t, p, "id", makeBatch(1, 2)))
	whole := resp.Body
	damaged(whole, func(name string, text []byte) {
		resp.Body = text
		reply, err := decode(p, resp)
		answers := reply.Answers
		if err == nil && (name == "cut" || len(answers) == 0) {
			t.Fatalf("%s answer was taken as %v: %s", name, answers, text)
		}
		for _, answer := range answers {
			impossible := slices.ContainsFunc(answer.Probabilities, func(p float32) bool { return !(0 <= p && p <= 1) })
			if answer.Label < 0 || answer.Label >= classes || impossible {
				t.Fatalf("%s answer was taken as %+v: %s", name, answer, text)
			}
		}
	})
}

// testDamagedRequest expects an answer or a refusal that blames the client,
// and no panic.
func testDamagedRequest(t *testing.T, s Subject) {
	p, h := open(t, s), s.Handler(service())
	req := encode(t, p, "id", makeBatch(1, 2))
	damaged(req.Body, func(name string, text []byte) {
		broken := req
		broken.Body = text
		resp := sendTo(h, broken)
		if blamed := refused(p, resp); !blamed && (resp.Status != http.StatusOK || name == "cut") {
			t.Fatalf("%s request got %d %s: %s", name, resp.Status, resp.Body, text)
		}
		if len(resp.Body) == 0 && len(resp.Trailer) == 0 {
			t.Fatalf("%s request got %d without a word: %s", name, resp.Status, text)
		}
	})
}
