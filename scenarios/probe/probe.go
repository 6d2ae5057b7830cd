// Package probe finds out what a running server speaks, by asking it as a client of every
// protocol would, and writes a scenario that drives it. It stands beside recording: that
// one writes scenarios from what clients sent, this one from what a server says.
package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"servebench/generators"
	"servebench/targets"
	"servebench/targets/protocol"
)

// Options say what to ask.
type Options struct {
	Protocols []protocol.Kind
	Model     string // to ask for where a protocol has no list; "": unknown
	Path      string // the route that is described before others; "": none
	Body      []byte // that is sent to Path by POST; nil: as the server describes it
	// Tensors are what a model takes of which the server does not say it, without the
	// dimension of the batch.
	Tensors []generators.Tensor
	Header  http.Header // of every request
	// Written are the fields of Header as a scenario is to hold them, with variables of the
	// environment in place of secrets: name and value.
	Written [][2]string
	// Timeout bounds each request; 0: 5 seconds.
	Timeout time.Duration
	// NoRequests leaves the requests to models out: they are only described.
	NoRequests bool
	// Transport, when not nil, carries the requests; http2 is as of protocol.Kind.
	Transport func(http2 bool) http.RoundTripper
}

// Server is what was found out about a server.
type Server struct {
	URL    string
	Found  []Found
	Not    []Refused // the protocols that it does not speak
	Routes []Route   // of its OpenAPI description, which takes JSON
	// RoutesLeft is how many more routes that describes, RoutesProblem why it could not be
	// read; nil: it was, or there is none.
	RoutesLeft    int
	RoutesProblem error

	opts      Options
	responses int
}

// Found is a protocol that the server speaks.
type Found struct {
	Protocol protocol.Kind
	protocol.Description
	Trials []Trial // one for each model
}

// Refused is a protocol that the server does not speak, and what speaks against it.
type Refused struct {
	Protocol string
	Why      error
}

// Trial is one inference request to a model with random inputs that fit.
type Trial struct {
	Model   protocol.ModelDescription
	Inputs  []generators.Tensor // as a scenario describes them: without the batch, and no dimension that varies
	Varies  bool                // a dimension that varies was taken to be 1
	Answer  []generators.Tensor // the outputs of the answer
	Problem error               // why there was no request, or no answer
}

// answerLimit bounds an answer, in bytes.
const answerLimit = 4 << 20

// errTooLong is the error of a longer one.
var errTooLong = fmt.Errorf("the answer is longer than %v, and is not read", targets.Bytes(answerLimit))

// ErrAddress says that an address is no URL of a server.
var ErrAddress = errors.New("want the URL of a server, such as http://127.0.0.1:8000")

// ErrInputs says that a server does not say what a model takes, as many do whose models are
// of Python.
var ErrInputs = errors.New("the server does not say what the model takes")

// Run asks a server. It fails where the server cannot be reached at all.
func Run(ctx context.Context, address string, opts Options) (*Server, error) {
	u, err := url.Parse(address)
	if err == nil && (u.User != nil || u.RawQuery != "" || u.Fragment != "") { // which may be secrets, and are not repeated
		return nil, fmt.Errorf("the URL holds a user, a query or a fragment, which would not be sent; give credentials by --header: %w", ErrAddress)
	}
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q: %w", address, ErrAddress)
	}
	if opts.Timeout == 0 {
		opts.Timeout = 5 * time.Second
	}
	s := &Server{URL: strings.TrimRight(address, "/"), opts: opts}
	var silent error
	for _, kind := range opts.Protocols {
		if kind.Discover == nil {
			continue
		}
		ask := s.ask(kind.HTTP2)
		d, err := kind.Discover(ctx, ask, opts.Model)
		if known := s.firstModel(); opts.Model == "" && known != "" && (err != nil || !d.Listed) {
			d, err = kind.Discover(ctx, ask, known)
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if _, none := errors.AsType[*silentError](err); none && silent == nil {
			silent = err
		}
		if err != nil {
			s.Not = append(s.Not, Refused{kind.Name, err})
			continue
		}
		f := Found{Protocol: kind, Description: *d}
		for _, m := range d.Models {
			if opts.NoRequests {
				break
			}
			f.Trials = append(f.Trials, s.try(ctx, ask, kind, m))
		}
		s.Found = append(s.Found, f)
	}
	if s.responses == 0 {
		return nil, silent
	}
	s.describeRoutes(ctx, s.ask(false))
	return s, nil
}

// Spoken says in a few words what was found: "it speaks v2 and tfserving; its models are
// credit, noop"; "" where nothing was.
func (s *Server) Spoken() string {
	var protocols, models []string
	for _, f := range s.Found {
		protocols = append(protocols, f.Protocol.Name)
		for _, m := range f.Models {
			if f.Listed && !slices.Contains(models, m.Name) {
				models = append(models, m.Name)
			}
		}
	}
	for _, r := range s.Routes {
		if len(protocols) == 0 {
			return fmt.Sprintf("it describes routes by OpenAPI, such as %s %s (protocol template)", r.Method, r.Path)
		}
	}
	switch {
	case len(protocols) == 0:
		return ""
	case len(models) == 0:
		return "it speaks " + strings.Join(protocols, ", ")
	}
	const most = 5
	if len(models) > most {
		models = append(models[:most], "…")
	}
	return fmt.Sprintf("it speaks %s; its models are %s", strings.Join(protocols, ", "), strings.Join(models, ", "))
}

// firstModel is the first that a protocol has listed, to ask for by others; "": none.
func (s *Server) firstModel() string {
	for _, f := range s.Found {
		if f.Listed && len(f.Models) > 0 {
			return f.Models[0].Name
		}
	}
	return ""
}

// inputsOf are what a model takes, as another protocol has told of it; nil: none has.
func (s *Server) inputsOf(model string) []generators.Tensor {
	for _, f := range s.Found {
		for _, m := range f.Models {
			if m.Name == model && len(m.Inputs) > 0 {
				return m.Inputs
			}
		}
	}
	return nil
}

// silentError says that no response came.
type silentError struct{ error }

func (e *silentError) Unwrap() error { return e.error }

// ask sends requests over connections of their own.
func (s *Server) ask(http2 bool) protocol.Ask {
	var transport http.RoundTripper
	if s.opts.Transport != nil {
		transport = s.opts.Transport(http2)
	} else {
		transport = targets.Endpoint{URL: s.URL}.PlainTransport(http2)
	}
	return func(ctx context.Context, r protocol.Request) (protocol.Response, error) {
		ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, r.Method, s.URL+r.Path, bytes.NewReader(r.Body))
		if err != nil {
			return protocol.Response{}, err
		}
		for _, from := range []http.Header{s.opts.Header, r.Header} {
			for name, values := range from {
				request.Header[name] = values
			}
		}
		resp, err := transport.RoundTrip(request)
		if err != nil {
			return protocol.Response{}, &silentError{targets.Explain(err)}
		}
		defer resp.Body.Close()
		s.responses++
		body, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit+1))
		if err != nil {
			return protocol.Response{}, &silentError{targets.Explain(err)}
		}
		if len(body) > answerLimit {
			return protocol.Response{}, fmt.Errorf("%s %s: %w", r.Method, r.Path, errTooLong)
		}
		return protocol.Response{Status: resp.StatusCode, Header: resp.Header, Trailer: resp.Trailer, Body: body, Length: int64(len(body))}, nil
	}
}

// try sends one example with random inputs to a model.
func (s *Server) try(ctx context.Context, ask protocol.Ask, kind protocol.Kind, m protocol.ModelDescription) Trial {
	t := Trial{Model: m}
	switch {
	case len(m.Inputs) > 0:
		t.Inputs, t.Varies, t.Problem = withoutBatch(m.Inputs)
	case len(s.opts.Tensors) > 0:
		t.Inputs = s.opts.Tensors
	case len(s.inputsOf(m.Name)) > 0:
		t.Inputs, t.Varies, t.Problem = withoutBatch(s.inputsOf(m.Name))
	case m.Problem != nil:
		t.Problem = fmt.Errorf("%w: %w", ErrInputs, m.Problem)
	default:
		t.Problem = ErrInputs
	}
	if t.Problem != nil {
		return t
	}
	t.Answer, t.Problem = send(ctx, ask, kind, t)
	return t
}

// send sends the example of a trial and returns the outputs of the answer.
func send(ctx context.Context, ask protocol.Ask, kind protocol.Kind, t Trial) ([]generators.Tensor, error) {
	client, err := kind.Open(protocol.Config{Model: t.Model.Name, Schema: generators.Schema{Tensors: t.Inputs}})
	if err != nil {
		return nil, err
	}
	request, err := client.Encode("", []generators.Example{{Tensors: newSource(1).example(t.Inputs)}})
	if err != nil {
		return nil, err
	}
	resp, err := ask(ctx, request)
	if err != nil {
		return nil, err
	}
	return read(client, resp)
}

// Time sends the request of a choice and returns how long the answer took, over a
// connection of its own; an error where it was not answered with success.
func (s *Server) Time(ctx context.Context, c Choice) (time.Duration, error) {
	began := time.Now()
	if c.Route == nil {
		_, err := send(ctx, s.ask(c.Found.Protocol.HTTP2), c.Found.Protocol, *c.Trial)
		return time.Since(began), err
	}
	request := protocol.Request{Method: c.Route.Method, Path: c.Route.Path, Body: c.Route.Body}
	if request.Body != nil {
		request.Header = http.Header{"Content-Type": {"application/json"}}
	}
	resp, err := s.ask(false)(ctx, request)
	if err == nil && resp.Status/100 != 2 {
		err = fmt.Errorf("answered %d: %s", resp.Status, targets.Excerpt(resp.Header, resp.Body))
	}
	return time.Since(began), err
}

// read returns the outputs of an answer.
func read(client protocol.Protocol, resp protocol.Response) ([]generators.Tensor, error) {
	accepted := resp.Status/100 == 2
	if f, ok := client.(protocol.FailureReader); ok {
		if accepted = f.Accepts(resp.Status); accepted {
			if failure := f.Failure(resp); failure.Class != "" {
				return nil, fmt.Errorf("%s: %s", failure.Class, failure.Text)
			}
		}
	}
	if !accepted {
		return nil, fmt.Errorf("status %d: %s", resp.Status, targets.Excerpt(resp.Header, resp.Body))
	}
	reply, err := client.Decode(resp)
	if err != nil {
		return nil, err
	}
	if len(reply.Answers) != 1 {
		return nil, fmt.Errorf("%d answers to one example", len(reply.Answers))
	}
	return reply.Answers[0].Tensors, nil
}

// maxElements bounds an example, of which Write writes 200.
const maxElements = 1 << 20

// withoutBatch takes the dimension of the batch off each input, the first one, which has to
// vary or be 1, and takes others that vary to be 1.
func withoutBatch(inputs []generators.Tensor) (all []generators.Tensor, varies bool, err error) {
	total := 0
	for _, in := range inputs {
		t := generators.Tensor{Name: in.Name, Datatype: in.Datatype}
		switch {
		case in.Datatype == 0:
			return nil, false, fmt.Errorf("input %.60q has a datatype that servebench does not know", in.Name)
		case len(in.Shape) == 0 || in.Shape[0] > 1:
			return nil, false, fmt.Errorf("input %.60q has the shape %s, whose first dimension is not that of a batch", in.Name, in.ShapeText())
		}
		for _, size := range in.Shape[1:] {
			if size < 0 {
				size, varies = 1, true
			}
			t.Shape = append(t.Shape, size)
		}
		n := t.Len()
		if total += n; n < 0 || total > maxElements {
			return nil, false, fmt.Errorf("the inputs have more than %d elements: %.60q is %s", maxElements, in.Name, t.ShapeText())
		}
		all = append(all, t)
	}
	return all, varies, nil
}
