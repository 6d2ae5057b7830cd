// Package template is the protocol of requests that the user writes out, to any HTTP
// server: one that is the same every time, or one with placeholders, {{column}}, for what
// stands in a record of the data. Nothing is known of what the server does, so the
// status decides what is a success, and beyond it what the user says: what the body has
// to be, or where in it the answer is that the data says is right. It has a client's side
// alone.
package template

import (
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"servebench/generators"
	"servebench/targets/protocol"

	"golang.org/x/net/http/httpguts"
)

// Kind is the protocol's entry in the list of protocols.
func Kind() protocol.Kind {
	return protocol.Kind{
		Name:    "template",
		Doc:     "Requests written out in the key template, which may have placeholders for the data, to any HTTP server; the status of the answer decides what is a success, and beyond it what the scenario or the data expects.",
		Written: true,
		Open:    open,
	}
}

// client makes requests of a template.
type client struct {
	method, path, body pattern
	header             []field
	schema             generators.Schema
	fixed              protocol.Request // where nothing of it is a placeholder
	isFixed            bool
	withData           bool
	expect             protocol.Expect
	answer             finder // nil: the answer is not looked for
}

// field is a header field and its value.
type field struct {
	name  string
	value pattern
}

func open(cfg protocol.Config) (protocol.Protocol, error) {
	t := cfg.Template
	if t.Method == "" || t.Path == "" {
		return nil, errors.New("open protocol template: the request has no method or no path")
	}
	c := &client{schema: cfg.Schema, expect: t.Expect}
	columns := slices.Clone(cfg.Schema.Fields)
	for _, f := range cfg.Schema.Features {
		columns = append(columns, f.Name)
	}
	c.withData = len(columns) > 0
	var wrong []error
	compiled := func(key, text string, place func(pattern) *flaw) pattern {
		p, flaws := compile(text, columns, place)
		for _, f := range flaws {
			wrong = append(wrong, &protocol.TemplateError{Key: key, Problem: f.problem, Want: f.want, Unknown: f.unknown, Columns: columns})
		}
		return p
	}
	c.method = compiled("method", t.Method, placeEach(writePlain))
	c.path = compiled("path", t.Path, placeInPath)
	for _, name := range slices.Sorted(maps.Keys(t.Header)) {
		for _, value := range t.Header[name] {
			c.header = append(c.header, field{name, compiled("headers."+name, value, placeEach(writePlain))})
		}
	}
	c.body = compiled("body", string(t.Body), placeInBody(string(t.Body), t.Header.Get("Content-Type")))
	var err error
	if c.answer, err = find(t.Answer); err != nil {
		wrong = append(wrong, err)
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	c.isFixed = c.method.isFixed() && c.path.isFixed() && c.body.isFixed() &&
		!slices.ContainsFunc(c.header, func(f field) bool { return !f.value.isFixed() })
	if c.isFixed {
		c.fixed, err = c.render(generators.Example{})
	}
	return c, err
}

// placeInBody has values written as the body's format wants them, which its Content-Type
// says or, of JSON, how it begins. A value that is all of the body is written as it is.
func placeInBody(body, contentType string) func(pattern) *flaw {
	mediaType, _, _ := mime.ParseMediaType(contentType)
	return func(p pattern) *flaw {
		switch begins := strings.TrimLeft(body, " \t\r\n"); {
		case len(p) == 1, p.isFixed():
		case mediaType == "application/x-www-form-urlencoded":
			return placeEach(writeQuery)(p)
		case strings.HasSuffix(mediaType, "/json"), strings.HasSuffix(mediaType, "+json"),
			mediaType == "" && begins != "" && strings.Contains(`{["`, begins[:1]) && !strings.HasPrefix(begins, opening):
			return placeInJSON(p)
		}
		return placeEach(writePlain)(p)
	}
}

// Encode writes the request of one example or, where there is no data, of none. It has no
// id.
func (c *client) Encode(_ string, batch []generators.Example) (protocol.Request, error) {
	most := 0
	if c.withData {
		most = 1
	}
	switch {
	case len(batch) != most:
		return protocol.Request{}, fmt.Errorf("encode: %d examples, where the template has room for %d", len(batch), most)
	case c.isFixed:
		return c.fixed, nil
	}
	r, err := c.render(batch[0])
	if err != nil {
		return protocol.Request{}, fmt.Errorf("encode: %w", err)
	}
	return r, nil
}

func (c *client) render(x generators.Example) (protocol.Request, error) {
	values := x.Fields
	if len(c.schema.Features) > 0 {
		values = slices.Clone(x.Fields)
		for _, f := range x.Features {
			values = append(values, generators.Value{Text: strconv.FormatFloat(float64(f), 'g', -1, 32), JSON: true})
		}
	}
	if !c.isFixed && len(values) != len(c.schema.Fields)+len(c.schema.Features) {
		return protocol.Request{}, fmt.Errorf("the example has %d values, want %d", len(values), len(c.schema.Fields)+len(c.schema.Features))
	}
	var r protocol.Request
	method, err := c.method.appendTo(nil, values)
	if err != nil {
		return r, fmt.Errorf("method: %w", err)
	}
	path, err := c.path.appendTo(nil, values)
	if err != nil {
		return r, fmt.Errorf("path: %w", err)
	}
	if r.Body, err = c.body.appendTo(nil, values); err != nil {
		return r, fmt.Errorf("body: %w", err)
	}
	r.Method, r.Path, r.Header = string(method), string(path), http.Header{}
	for _, f := range c.header {
		value, err := f.value.appendTo(nil, values)
		if err != nil {
			return r, fmt.Errorf("headers.%s: %w", f.name, err)
		}
		text := strings.Trim(string(value), " \t")
		if text == "" && !f.value.isFixed() {
			continue
		}
		if !httpguts.ValidHeaderFieldValue(text) {
			return r, fmt.Errorf("headers.%s: %q holds control characters; want text on one line", f.name, text)
		}
		r.Header[f.name] = append(r.Header[f.name], text)
	}
	return r, checkLine(r)
}

// checkLine says what of a request cannot stand in the first line of one.
func checkLine(r protocol.Request) error {
	if !httpguts.ValidHeaderFieldName(r.Method) {
		return fmt.Errorf("method: %q is not a method of HTTP; want one such as GET", r.Method)
	}
	if !strings.HasPrefix(r.Path, "/") {
		return fmt.Errorf("path: %q does not begin with a slash", r.Path)
	}
	for _, b := range []byte(r.Path) {
		if b <= ' ' || b >= 0x7f || b == '#' {
			return fmt.Errorf("path: %q holds %q; want %%%02X for it", r.Path, b, b)
		}
	}
	return nil
}

// Accepts reports whether a status is one of those expected.
func (c *client) Accepts(status int) bool { return c.expect.Accepts(status) }

// Failure finds none beyond the status.
func (c *client) Failure(protocol.Response) protocol.Failure { return protocol.Failure{} }

// BodyLimit is enough to see that a body is longer than the one expected, and to show
// where it differs; without end where the answer is in the body.
func (c *client) BodyLimit() int {
	switch c.answer.(type) {
	case inJSON, wholeBody:
		return -1
	}
	if c.expect.Body == nil {
		return 0
	}
	return len(*c.expect.Body) + after + 1
}

// ReadsHeaders names the header field that the answer is in.
func (c *client) ReadsHeaders() []string {
	if name, ok := c.answer.(inHeader); ok {
		return []string{string(name)}
	}
	return nil
}

// Decode compares the body with the one expected, if there is one, and finds the answer
// where there is one to find.
func (c *client) Decode(r protocol.Response) (protocol.Reply, error) {
	if !c.Accepts(r.Status) {
		return protocol.Reply{}, fmt.Errorf("decode: status %d is not one of those expected", r.Status)
	}
	want := c.expect.Body
	if want != nil && string(r.Body) != *want {
		return protocol.Reply{}, &protocol.WrongAnswerError{Text: describeDifference(string(r.Body), int(max(r.Length, int64(len(r.Body)))), *want)}
	}
	reply := protocol.Reply{Compared: want != nil}
	if !c.withData {
		return reply, nil
	}
	reply.Answers = make([]generators.Answer, 1)
	if c.answer != nil {
		value, err := c.answer.find(r)
		if err != nil {
			return protocol.Reply{}, fmt.Errorf("decode: %w", err)
		}
		reply.Answers[0] = generators.Answer{Kind: generators.Text, Value: value}
	}
	return reply, nil
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
