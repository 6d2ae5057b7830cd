package scenarios

import (
	"net/http"

	"servebench/targets/protocol"
)

// Template is one request that the scenario writes out, and what answers it
// rightly.
type Template struct {
	Method   string
	Path     string // with a leading slash, query included
	Headers  map[string]string
	Body     string
	BodyFile string // path of the file that holds the body; "": Body is it
	Expect   Expect
}

// Expect says which answers to a Template are right.
type Expect struct {
	Status []protocol.Statuses // at least one
	Body   *string             // nil: any
}

// Request returns the template as a protocol takes it. body is the content of
// BodyFile where there is one, Body otherwise.
func (t *Template) Request(body []byte) protocol.Template {
	header := http.Header{}
	for name, value := range t.Headers {
		header.Set(name, value)
	}
	return protocol.Template{
		Method: t.Method, Path: t.Path, Header: header, Body: body,
		Expect: protocol.Expect{Statuses: t.Expect.Status, Body: t.Expect.Body},
	}
}

// String names the request: "GET /".
func (t *Template) String() string { return t.Method + " " + t.Path }
