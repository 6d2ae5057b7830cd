package probe

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"servebench/targets/protocol"
)

// Route is a path of a server that takes JSON, as its OpenAPI description says.
type Route struct {
	Method, Path string
	Summary      string
	Body         []byte // JSON that fits the schema
	Parameters   bool   // the path has parameters, which a scenario has to fill in

	given bool // the body is the user's
}

// maxRoutes is how many routes are described.
const maxRoutes = 64

// describeRoutes reads the OpenAPI description that FastAPI and others serve.
func (s *Server) describeRoutes(ctx context.Context, ask protocol.Ask) {
	resp, err := ask(ctx, protocol.Request{Method: http.MethodGet, Path: "/openapi.json"})
	if errors.Is(err, errTooLong) {
		s.RoutesProblem = err
	}
	if err != nil || resp.Status/100 != 2 {
		return
	}
	var doc openAPI
	if err := json.Unmarshal(resp.Body, &doc); err != nil {
		if strings.Contains(resp.Header.Get("Content-Type"), "json") { // else it answers any path
			s.RoutesProblem = fmt.Errorf("GET /openapi.json: %w", err)
		}
		return
	}
	type described struct {
		Route
		content mediaType
	}
	var all []described
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range []string{"post", "put", "patch"} {
			op, ok := doc.operation(path, method)
			if !ok {
				continue
			}
			if content, ok := op.RequestBody.Content["application/json"]; ok {
				route := Route{Method: strings.ToUpper(method), Path: path, Summary: op.Summary, Parameters: strings.Contains(path, "{")}
				all = append(all, described{route, content})
			}
		}
	}
	// Routes that look like predictions first, then in the order of their paths.
	slices.SortStableFunc(all, func(a, b described) int { return cmp.Compare(s.rank(a.Route), s.rank(b.Route)) })
	for _, r := range all[:min(len(all), maxRoutes)] {
		r.Body = doc.body(r.content)
		s.Routes = append(s.Routes, r.Route)
	}
	s.RoutesLeft = len(all) - len(s.Routes)
}

func (s *Server) rank(r Route) int {
	if r.Path == s.opts.Path {
		return -1
	}
	for i, word := range []string{"predict", "infer", "score", "invocation", "classif"} {
		if strings.Contains(strings.ToLower(r.Path), word) {
			return i
		}
	}
	if r.Parameters {
		return 100
	}
	return 50
}

type openAPI struct {
	Paths      map[string]map[string]json.RawMessage
	Components struct{ Schemas map[string]schema }

	left int // how much may still be written of a body: values, and bytes of those given
}

type operation struct {
	Summary     string
	RequestBody struct {
		Content map[string]mediaType
	} `json:"requestBody"`
}

type mediaType struct {
	Schema   schema
	Example  json.RawMessage
	Examples map[string]struct{ Value json.RawMessage }
}

// schema is the part of JSON Schema that says what a value looks like.
type schema struct {
	Ref        string `json:"$ref"`
	Type       any    // a name, or a list of names
	Format     string
	Properties map[string]schema
	Items      *schema
	Prefix     []schema `json:"prefixItems"`
	AnyOf      []schema `json:"anyOf"`
	OneOf      []schema `json:"oneOf"`
	AllOf      []schema `json:"allOf"`
	Enum       []json.RawMessage
	Const      json.RawMessage
	Default    json.RawMessage
	Example    json.RawMessage
	Examples   []json.RawMessage
	Minimum    *float64
	Exclusive  any `json:"exclusiveMinimum"`
	Maximum    *float64
	MinItems   int `json:"minItems"`
	MinLength  int `json:"minLength"`
}

func (d *openAPI) operation(path, method string) (op operation, ok bool) {
	raw, ok := d.Paths[path][method]
	return op, ok && json.Unmarshal(raw, &op) == nil
}

// body is JSON that fits the description of a body.
func (d *openAPI) body(m mediaType) []byte {
	value := m.Example
	for _, e := range m.Examples {
		if value == nil {
			value = e.Value
		}
	}
	if value == nil {
		d.left = maxBody
		value = d.value(m.Schema, 0)
	}
	var compact bytes.Buffer
	if json.Compact(&compact, value) != nil {
		return value
	}
	return compact.Bytes()
}

// maxDepth bounds how deep schemas nest, which may hold themselves.
const maxDepth = 8

// maxBody bounds a body made of a schema: lists of long lists have more elements than memory.
const maxBody = 1 << 16

// value is a value that fits a schema: an example or a default where there is one.
func (d *openAPI) value(s schema, depth int) json.RawMessage {
	if d.left--; depth > maxDepth || d.left < 0 {
		return json.RawMessage("null")
	}
	if s.Ref != "" || s.AllOf != nil {
		return d.value(d.resolve(s, depth), depth+1)
	}
	for _, given := range append([]json.RawMessage{s.Example, s.Const, s.Default}, append(s.Examples, s.Enum...)...) {
		if given != nil && string(given) != "null" {
			d.left -= len(given)
			return given
		}
	}
	for _, choice := range append(s.AnyOf, s.OneOf...) {
		if typeOf(choice) != "null" {
			return d.value(choice, depth+1)
		}
	}
	var v any
	switch typeOf(s) {
	case "object":
		fields := map[string]json.RawMessage{}
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) { // what is left is shared out alike
			fields[name] = d.value(s.Properties[name], depth+1)
		}
		v = fields
	case "array":
		items := []json.RawMessage{}
		for _, item := range s.Prefix {
			items = append(items, d.value(item, depth+1))
		}
		for len(items) < max(s.MinItems, 1) && s.Items != nil && len(items) < 1000 {
			items = append(items, d.value(*s.Items, depth+1))
		}
		v = items
	case "integer":
		v = int64(s.number())
	case "number":
		v = s.number()
	case "boolean":
		v = true
	case "null":
		v = nil
	default:
		v = "text" + strings.Repeat("x", min(max(0, s.MinLength-4), 1000))
	}
	text, err := json.Marshal(v)
	if err != nil { // a number that JSON has no form for
		return json.RawMessage("0")
	}
	return text
}

// resolve follows a reference, and makes one schema of what all have to hold.
func (d *openAPI) resolve(s schema, depth int) schema {
	parts := s.AllOf
	if s.Ref != "" {
		parts = append([]schema{d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]}, parts...)
	}
	s.Ref, s.AllOf = "", nil
	s.Properties = maps.Clone(s.Properties)
	for _, part := range parts {
		if part.Ref != "" || part.AllOf != nil {
			if d.left--; depth > maxDepth || d.left < 0 {
				continue
			}
			part = d.resolve(part, depth+1)
		}
		d.left -= len(part.Properties)
		s.add(part)
	}
	return s
}

// add adds what another schema asks for, where the schema says nothing of it.
func (s *schema) add(other schema) {
	for name, property := range other.Properties {
		if _, there := s.Properties[name]; there {
			continue
		}
		if s.Properties == nil {
			s.Properties = map[string]schema{}
		}
		s.Properties[name] = property
	}
	own, its := reflect.ValueOf(s).Elem(), reflect.ValueOf(other)
	for i := range own.NumField() {
		if own.Field(i).IsZero() {
			own.Field(i).Set(its.Field(i))
		}
	}
}

// number is one in the schema's range.
func (s schema) number() float64 {
	v := 1.0
	if s.Minimum != nil {
		v = max(v, *s.Minimum)
	}
	if above, ok := s.Exclusive.(float64); ok {
		v = max(v, above+1)
	}
	if s.Maximum != nil {
		v = min(v, *s.Maximum)
	}
	return v
}

func typeOf(s schema) string {
	switch t := s.Type.(type) {
	case string:
		return t
	case []any:
		for _, name := range t {
			if name, ok := name.(string); ok && name != "null" {
				return name
			}
		}
		return "null"
	}
	if s.Properties != nil {
		return "object"
	}
	return ""
}
