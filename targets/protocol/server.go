package protocol

import (
	"time"

	"servebench/generators"
)

// Model is one model as the server side of a protocol sees it.
type Model struct {
	Name    string
	Doc     string // one sentence
	Version string // the only one served
	// Schema names the features and classes. Without Features the model takes
	// rows of any width.
	Schema generators.Schema
	// Predict returns the probability of class 1, in [0, 1], for one row of
	// features. It keeps nothing of the slice and is safe for concurrent use.
	Predict func(features []float32) float32
}

// Service is what the server side of a protocol serves, and within which
// limits. Each protocol's child package makes an http.Handler from it.
type Service struct {
	Name    string // of the server program
	Version string // of the server program
	Models  []Model
	// MaxBatch is the most rows of one request; 0: no limit.
	MaxBatch int
	// Ready reports whether new work is welcome; nil: always.
	Ready func() bool
	// Observer is called once per model when the handler is made, and returns
	// what is told of the model's inferences; nil: nobody is told.
	Observer func(Model) Observer
}

// Observer is told of every inference request of one model once it is
// answered, refused ones included. Observe is safe for concurrent use, and
// quick: it runs before the next request of the connection is read.
type Observer interface {
	Observe(Inference)
}

// Inference is what became of one inference request.
type Inference struct {
	Status int // of HTTP
	Rows   int // predicted; 0 when the request was refused
	// The parts of the handling, in order: reading and decoding the request,
	// predicting, encoding and writing the answer. A part that was not reached
	// is 0.
	Decode, Compute, Encode time.Duration
}
