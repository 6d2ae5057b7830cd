// Package template is the protocol of a request that the user writes out: the
// same one every time, to any HTTP server. Nothing is known of what the server
// does, so the status decides what is a success, and the body where the user says
// what it has to be. It has a client's side alone.
package template

import (
	"errors"
	"fmt"

	"servebench/generators"
	"servebench/targets/protocol"
)

// Kind is the protocol's entry in the list of protocols.
func Kind() protocol.Kind {
	return protocol.Kind{
		Name:    "template",
		Doc:     "One request, written out in the key template, to any HTTP server; the status of the answer decides what is a success.",
		Written: true,
		Open:    open,
	}
}

// client sends one request.
type client struct {
	request protocol.Request
	expect  protocol.Expect
}

func open(cfg protocol.Config) (protocol.Protocol, error) {
	t := cfg.Template
	if t.Method == "" || t.Path == "" {
		return nil, errors.New("open protocol template: the request has no method or no path")
	}
	return client{
		request: protocol.Request{Method: t.Method, Path: t.Path, Header: t.Header, Body: t.Body},
		expect:  t.Expect,
	}, nil
}

// Encode returns the request, which holds no examples and no id.
func (c client) Encode(_ string, batch []generators.Example) (protocol.Request, error) {
	if len(batch) > 0 {
		return protocol.Request{}, fmt.Errorf("encode: %d examples, where a template has room for none", len(batch))
	}
	return c.request, nil
}

// Accepts reports whether a status is one of those expected.
func (c client) Accepts(status int) bool { return c.expect.Accepts(status) }

// Failure finds none: the status tells, and what is expected of the body.
func (c client) Failure(protocol.Response) (class, text string) { return "", "" }

// BodyLimit is so much that a longer body than the one expected shows as one, and that
// its difference can be told.
func (c client) BodyLimit() int {
	if c.expect.Body == nil {
		return 0
	}
	return len(*c.expect.Body) + after + 1
}

// Decode compares the body with the one expected, if there is one. Its reply holds
// no answers.
func (c client) Decode(r protocol.Response) (protocol.Reply, error) {
	if !c.Accepts(r.Status) {
		return protocol.Reply{}, fmt.Errorf("decode: status %d is none of those expected", r.Status)
	}
	want := c.expect.Body
	if want != nil && string(r.Body) != *want {
		return protocol.Reply{}, &protocol.WrongAnswerError{Text: describeDifference(string(r.Body), int(max(r.Length, int64(len(r.Body)))), *want)}
	}
	return protocol.Reply{Compared: want != nil}, nil
}

// before and after are how many bytes of two bodies are shown around the first
// one that differs.
const (
	before = 16
	after  = 48
)

// describeDifference says where two bodies part, with an excerpt of both. got is the beginning
// of one that is so long.
func describeDifference(got string, length int, want string) string {
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	return fmt.Sprintf("the body differs from byte %d on: %s, want %s", at, excerptAround(got, length, at), excerptAround(want, len(want), at))
}

// excerptAround quotes a body around a byte, and says how long all of it is.
func excerptAround(body string, length, at int) string {
	from, to := max(0, at-before), min(len(body), at+after)
	text := fmt.Sprintf("%q", body[from:to])
	if from > 0 {
		text = "…" + text
	}
	if to < length {
		text += "…"
	}
	return fmt.Sprintf("%s (%d bytes)", text, length)
}
