// Package protocol describes the wire protocols of model serving, seen from the
// client: examples in, request bytes out; response bytes in, answers out. Each
// protocol lives in a child package that holds its client and its server side
// together.
package protocol

import (
	"net/http"

	"servebench/generators"
)

// Kind is a protocol's entry in the list that the CLI, the scenario validation
// and the help texts are made from.
type Kind struct {
	Name  string
	Doc   string // one sentence
	Ready string // path that answers 2xx when a server of this protocol is ready
	// Written says that the scenario writes the request out in its key template: no
	// model is asked, and no data goes into it.
	Written bool
	// Open returns the protocol for one model.
	Open func(Config) (Protocol, error)
}

// Config configures a protocol.
type Config struct {
	Model  string            // the model's name on the server
	Schema generators.Schema // of the examples it will encode
	// Template is the request of a Written protocol, which has neither Model nor
	// Schema.
	Template Template
}

// Protocol translates between examples and HTTP. It is stateless and safe for
// concurrent use.
type Protocol interface {
	// Encode puts a batch of examples into one request. id, when not empty, is
	// the request id that a server echoes. The same input gives the same bytes.
	Encode(id string, batch []generators.Example) (Request, error)
	// Decode reads a 2xx response, or one that a StatusAccepter accepts. It must
	// not crash on any input. A *WrongAnswerError is the server's fault, any other
	// error says that the response is not of the protocol.
	Decode(Response) (Reply, error)
}

// Request is one HTTP request, ready to be sent.
type Request struct {
	Method string
	Path   string // with a leading slash, query included
	Header http.Header
	Body   []byte
}

// Response is one HTTP response.
type Response struct {
	Status int
	Header http.Header
	Body   []byte // where a BodyLimiter needs no more of it, its beginning
	Length int64  // of the whole body; 0: that of Body
}

// Reply is what a server says to one request.
type Reply struct {
	// ID is the id of the request that the body says it answers; "" where it says
	// none.
	ID      string
	Answers []Answer // one per example of the batch
	// Compared says that the protocol itself held the body against the one expected,
	// and found it equal.
	Compared bool
}

// Answer is the model's answer to one example.
type Answer struct {
	Label       int     // the class predicted
	Probability float64 // of class 1; NaN where the answer holds none
}
