package reference

import "servebench/targets/protocol"

// NoopName is the name of the model that Noop returns.
const NoopName = "noop"

// Noop is a model that answers at once: probability 0 for every row, of any
// width. A request to it costs all that a request to a model costs (network,
// HTTP, decoding, encoding) except the model, so the difference between the
// two is the model. Every Server serves it.
func Noop() protocol.Model {
	return protocol.Model{
		Name:    NoopName,
		Doc:     "Answers 0 without computing, to tell a model's cost from the rest of a request's.",
		Version: "1",
		Predict: func([]float32) float32 { return 0 },
	}
}
