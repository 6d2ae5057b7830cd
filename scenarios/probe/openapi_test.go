package probe

import (
	"context"
	"encoding/json"
	"testing"

	"servebench/targets/protocol"
)

// TestBodyOfListsOfLongLists makes a body whose schema asks for 1000^4 elements.
func TestBodyOfListsOfLongLists(t *testing.T) {
	var doc openAPI
	list := schema{Type: "array", MinItems: 1000, Items: &schema{Ref: "#/components/schemas/List"}}
	doc.Components.Schemas = map[string]schema{"List": list}
	body := doc.body(mediaType{Schema: list})
	if len(body) > 8*maxBody || !json.Valid(body) {
		t.Errorf("a body of %d bytes, valid: %t; want JSON of at most %d", len(body), json.Valid(body), 8*maxBody)
	}
}

// A body has what each part of allOf asks for, and what stands beside it.
func TestBodyOfAllOf(t *testing.T) {
	var doc openAPI
	if err := json.Unmarshal([]byte(`{"components": {"schemas": {
		"Named": {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}},
		"Loan": {"allOf": [{"$ref": "#/components/schemas/Named"}, {"type": "object", "properties": {"income": {"type": "number", "minimum": 7}}}], "properties": {"age": {"type": "integer", "minimum": 18}}},
		"Endless": {"allOf": [{"$ref": "#/components/schemas/Endless"}, {"$ref": "#/components/schemas/Endless"}], "properties": {"x": {"type": "boolean"}}}
	}}}`), &doc); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`{"$ref": "#/components/schemas/Loan"}`: `{"age":18,"income":7,"name":"text"}`,
		`{"type": "array", "items": {"allOf": [{"$ref": "#/components/schemas/Named"}], "example": {"name": "Ada"}}}`: `[{"name":"Ada"}]`,
		`{"allOf": [{"anyOf": [{"type": "null"}, {"type": "integer"}]}]}`:                                             `1`,
		`{"$ref": "#/components/schemas/Endless"}`:                                                                    `{"x":true}`,
		`{"$ref": "#/components/schemas/None"}`:                                                                       `"text"`,
	} {
		var s schema
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			t.Fatal(err)
		}
		if got := string(doc.body(mediaType{Schema: s})); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// FuzzOpenAPI expects of any description that the bodies of its routes are JSON of a
// bounded length.
func FuzzOpenAPI(f *testing.F) {
	const path = `{"paths":{"/predict":{"post":{"requestBody":{"content":{"application/json":`
	for _, content := range []string{
		`{"schema":{"$ref":"#/components/schemas/Loan"}}`,
		`{"schema":{"type":"array","minItems":3,"items":{"type":"integer","exclusiveMinimum":7}}}`,
		`{"schema":{"anyOf":[{"type":"null"},{"enum":["a","b"]}]}}`,
		`{"example":{"x":1}}`,
		`{"schema":{"allOf":[{"$ref":"#/components/schemas/Loan"},{"allOf":[{"properties":{"x":{}}}]}]}}`,
	} {
		f.Add([]byte(path + content + `}}}}},"components":{"schemas":{"Loan":{"properties":{"age":{"type":"number","minimum":18},"next":{"$ref":"#/components/schemas/Loan"}}}}}}`))
	}
	f.Fuzz(func(t *testing.T, description []byte) {
		s := &Server{}
		s.describeRoutes(t.Context(), func(context.Context, protocol.Request) (protocol.Response, error) {
			return protocol.Response{Status: 200, Body: description}, nil
		})
		for _, r := range s.Routes {
			if most := 8*maxBody + len(description); !json.Valid(r.Body) || len(r.Body) > most {
				t.Fatalf("%s %s has a body of %d bytes, valid: %t; want JSON of at most %d", r.Method, r.Path, len(r.Body), json.Valid(r.Body), most)
			}
		}
	})
}
