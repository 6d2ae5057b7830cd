package scenarios

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"servebench/scenarios/decode"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with the file of that name in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got, -update writes it anew):\n%s", path, diff)
	}
}

// validator compiles the schema of the test catalogue, which also checks that
// it is one.
func validator(t testing.TB) *jsonschema.Schema {
	t.Helper()
	text, err := JSONSchema(testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("scenario.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("scenario.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asInstance returns a file as a schema's validator sees it.
func asInstance(t testing.TB, text []byte) any {
	t.Helper()
	n := decode.Open("", text).Root
	if n == nil {
		t.Fatalf("not YAML:\n%s", text)
	}
	encoded, err := json.Marshal(n.Value())
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSchemaGolden(t *testing.T) {
	text, err := JSONSchema(clockCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "schema.golden.json", text)
}

func TestSchemaTakesBuiltins(t *testing.T) {
	s := validator(t)
	for _, b := range Builtins() {
		if err := s.Validate(asInstance(t, b.Text)); err != nil {
			t.Errorf("%s: %v", b.Name, err)
		}
	}
}

// TestSchemaFindsFaults holds the schema to what it promises: an editor shows
// every mistake but those marked as beyond it.
func TestSchemaFindsFaults(t *testing.T) {
	s := validator(t)
	for _, f := range faults() {
		err := s.Validate(asInstance(t, []byte(f.text())))
		switch {
		case err == nil && !f.beyond:
			t.Errorf("%s: the schema takes\n%s", f.name, f.text())
		case err != nil && f.beyond:
			t.Errorf("%s: the schema finds it, though it is marked as beyond it: %v", f.name, err)
		}
	}
}

func TestReferenceGolden(t *testing.T) {
	golden(t, "reference.golden.txt", []byte(FormatReference(clockCatalogue())))
}
