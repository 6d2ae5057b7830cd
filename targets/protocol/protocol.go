// Package protocol describes the wire protocols of model serving, seen from the
// client: examples in, request bytes out; response bytes in, answers out. Each
// protocol lives in a child package that holds its client and its server side
// together.
package protocol

import (
	"context"
	"net/http"

	"servebench/generators"
)

// InstanceIDHeader is the header field in which a server's answers name the instance of it
// that gave them, so that it is known how the load was spread.
const InstanceIDHeader = "X-Instance-Id"

// RequestIDHeader is the header field by which a request is called, which the server's answer echoes.
const RequestIDHeader = "X-Request-Id"

// MaxRequestID is the most bytes of an id that a request is known by.
const MaxRequestID = 128

// IsRequestID reports whether what a client sent as RequestIDHeader may go into an answer: short, of
// printable ASCII.
func IsRequestID(id string) bool {
	if id == "" || len(id) > MaxRequestID {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

// Kind is a protocol's entry in the list that the CLI, the scenario validation
// and the help texts are made from.
type Kind struct {
	Name  string
	Doc   string // one sentence
	Ready string // path that answers 2xx when a server of this protocol is ready, or a method of gRPC
	// Written says that the scenario writes the request out in its key template, with
	// placeholders for the data if there is any: no model is asked.
	Written bool
	// AnyAnswer says that servers of this protocol alone answer Ready with no 2xx: any
	// status below 500 shows that they are ready.
	AnyAnswer bool
	// HTTP2 says that the protocol needs HTTP/2, as gRPC does.
	HTTP2 bool
	// Discover finds out whether a running server speaks the protocol: its error says what
	// speaks against it. model is a name to ask for where the protocol has no list of
	// models; "": unknown. nil: nothing but an inference request would tell.
	Discover func(ctx context.Context, ask Ask, model string) (*Description, error)
	// Open returns the protocol for one model.
	Open func(Config) (Protocol, error)
}

// Config configures a protocol.
type Config struct {
	Model  string            // the model's name on the server
	Schema generators.Schema // of the examples it will encode
	// Input and Output are what the model calls the tensor that takes the rows of
	// features and the one that holds the answers; "": the protocol's own choice.
	Input, Output string
	// AllOutputs says that the model may call its outputs otherwise than the reference
	// server does: unless Output names one, all of them are asked for.
	AllOutputs bool
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
	// Decode reads a 2xx response, or one in which a FailureReader sees no failure.
	// It must not crash on any input. A *WrongAnswerError is the server's fault, any
	// other error says that the response is not of the protocol. What it finds depends
	// on nothing but the response's status, body, Content-Type and the fields of a
	// HeaderReader.
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
	Status  int
	Header  http.Header
	Trailer http.Header // the fields that followed the body
	Body    []byte      // where a BodyLimiter needs no more of it, its beginning
	Length  int64       // of the whole body; 0: that of Body
}

// Reply is what a server says to one request.
type Reply struct {
	// ID is the id of the request that the body says it answers; "" where it says
	// none.
	ID      string
	Answers []generators.Answer // one per example of the batch
	// Compared says that the protocol itself held the body against the one expected,
	// and found it equal.
	Compared bool
}

// Template is a request written out by the user, and what answers it rightly. In its
// texts {{column}} stands for a field or feature of the example, and {{{{ for {{.
type Template struct {
	Method string
	Path   string // with a leading slash, query included
	Header http.Header
	Body   []byte
	Expect Expect
	Answer Locator
}

// Locator says where in a response the answer to an example is: in one of four ways, or
// nowhere.
type Locator struct {
	JSON   string // a JSONPath as in RFC 9535
	Header string // the name of a header field
	Text   bool   // the whole body, as text
	Status bool   // the HTTP status, as a number
}

// TemplateError is what is wrong with one text of a Template.
type TemplateError struct {
	Key     string // "path", "headers.X-Id", "answer.json"
	Problem string
	Want    string // "": one of Columns
	// Unknown is the column that the text names and the data does not have; Columns are
	// those that it has.
	Unknown string
	Columns []string
}

func (e *TemplateError) Error() string { return e.Key + ": " + e.Problem }

// Map returns the template with every text of its request changed by a function.
func (t Template) Map(change func(string) string) Template {
	t.Path, t.Body = change(t.Path), []byte(change(string(t.Body)))
	header := http.Header{}
	for name, values := range t.Header {
		for _, value := range values {
			header.Add(name, change(value))
		}
	}
	t.Header = header
	return t
}

// Expect says which answers are right.
type Expect struct {
	Statuses []Statuses // any of them; none: 2xx
	// Body, when not nil, is what the answer's body has to be, byte for byte.
	Body *string
}

// Statuses is a range of HTTP statuses, both ends in it.
type Statuses struct{ First, Last int }

// Accepts reports whether a status is one of a right answer.
func (e Expect) Accepts(status int) bool {
	if len(e.Statuses) == 0 {
		return status/100 == 2
	}
	for _, s := range e.Statuses {
		if s.First <= status && status <= s.Last {
			return true
		}
	}
	return false
}

// FailureReader is a Protocol that has its own mind about which responses are
// failures; to all others those are that have no 2xx status.
type FailureReader interface {
	// Accepts reports whether a response with this status may hold an answer.
	Accepts(status int) bool
	// Failure looks for a failure in a response with an accepted status, such as a
	// grpc-status in its trailer, or an error in its body. The zero value says that there
	// is none, and Decode reads the response.
	Failure(Response) Failure
}

// Failure is what a protocol calls one in a response with an accepted status.
type Failure struct {
	Class  string // how it is counted, in words of which there are few, such as "gRPC UNAVAILABLE"; "": there is none
	Text   string // what the server says of it
	Status int    // the status of HTTP that says the same, such as 503 of gRPC's UNAVAILABLE
}

// HeaderReader is a Protocol whose Decode reads header fields other than Content-Type.
type HeaderReader interface {
	// ReadsHeaders returns their canonical names.
	ReadsHeaders() []string
}

// BodyLimiter is a Protocol whose Decode looks at the beginning of a body alone. To
// others the whole body is needed, which is bounded therefore.
type BodyLimiter interface {
	// BodyLimit is how many bytes it looks at, at most; -1: all of them, whose number is
	// bounded then, too.
	BodyLimit() int
}

// WrongAnswerError says that a response is of the protocol's form, and not the
// answer that was expected.
type WrongAnswerError struct{ Text string }

func (e *WrongAnswerError) Error() string { return e.Text }
