// Package protocoltest is the conformance suite of wire protocols: what the
// rest of the program relies on, whichever protocol it speaks. A protocol's
// own test calls Run with its client and its server side, which the suite runs
// against each other over real requests, and with damaged bytes.
package protocoltest

import (
	"math"
	"math/rand/v2"
	"net/http"
	"testing"

	"servebench/generators"
	"servebench/targets/protocol"
)

// Subject is the protocol under test.
type Subject struct {
	Kind protocol.Kind
	// Handler is its server side.
	Handler func(protocol.Service) http.Handler
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

// service serves a logistic regression of four features, whose answers are
// distinct for distinct rows.
func service() protocol.Service {
	return protocol.Service{
		Name:    "suite",
		Version: "1",
		Models:  []protocol.Model{{Name: modelName, Doc: "A logistic regression.", Version: "1", Schema: schema(), Predict: predict}},
	}
}

func schema() generators.Schema {
	return generators.Schema{
		Features: []generators.Feature{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}},
		Classes:  []string{"no", "yes"},
	}
}

func predict(x []float32) float32 {
	sum := 0.0
	for i, v := range x {
		sum += float64(v) * []float64{0.5, -0.25, 0.125, 1}[i]
	}
	return float32(1 / (1 + math.Exp(-sum)))
}

// batch makes n examples, among them integers, tiny and large values.
func batch(seed uint64, n int) []generators.Example {
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

func open(t *testing.T, s Subject) protocol.Protocol {
	t.Helper()
	p, err := s.Kind.Open(protocol.Config{Model: modelName, Schema: schema()})
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
