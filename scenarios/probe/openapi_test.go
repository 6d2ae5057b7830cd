package probe

import (
	"encoding/json"
	"testing"
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
