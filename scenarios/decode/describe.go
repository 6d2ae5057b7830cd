package decode

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/invopop/jsonschema"
)

// Schema describes the format as a JSON schema (draft 2020-12).
func (f *Format) Schema() *jsonschema.Schema { return f.root.schema() }

// Reference describes every key for users: its kind of value, its default and its
// meaning, in lines of at most 80 characters.
func (f *Format) Reference() string {
	var b strings.Builder
	describe(&b, f.root.fields(nil), "")
	return b.String()
}

func (m *mapping) schema() *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema}
	for _, f := range m.fields(nil) {
		described := f.schema()
		// Where two inline fields share a name, the range is open, since a schema that tells
		// which is meant is beyond most editors.
		if known, ok := s.Properties.Get(f.Key); ok {
			described = &jsonschema.Schema{Type: "number", Description: known.Description + " " + described.Description}
		}
		s.Properties.Set(f.Key, described)
		if f.Required {
			s.Required = append(s.Required, f.Key)
		}
	}
	return s
}

func (f Field) schema() *jsonschema.Schema {
	s := f.kind.schema()
	s.Description = f.Doc
	switch {
	case f.Default == "{}": // the defaults inside say more
	case f.Default != "":
		s.Default = f.fallback(origin{}).Value()
	case f.Absent != "" && f.Absent != none:
		s.Description += " Default: " + f.Absent + "."
	}
	return s
}

func (l list) schema() *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "array", Items: l.item.schema()}
	if least := uint64(l.least); least > 0 {
		s.MinItems = &least
	}
	return s
}

func (o oneOrMore) schema() *jsonschema.Schema { return anyOf(o.item.schema(), o.list.schema()) }

func (d dictionary) schema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", AdditionalProperties: d.value.Schema()}
}

func (o optional) schema() *jsonschema.Schema {
	return anyOf(o.kind.schema(), &jsonschema.Schema{Const: none})
}

func (k scalar) schema() *jsonschema.Schema { return k.Schema() }

func anyOf(of ...*jsonschema.Schema) *jsonschema.Schema { return &jsonschema.Schema{AnyOf: of} }

// describe writes the reference of the fields at a path and of all inside them.
func describe(b *strings.Builder, fields []Field, path string) {
	for _, f := range fields {
		missing := "default " + cmp.Or(f.Absent, f.Default)
		switch {
		case f.Required:
			missing = "required"
		case f.Default == "{}":
			missing = "optional"
		}
		at := Member(path, f.Key)
		fmt.Fprintf(b, "%s  (%s; %s)\n", at, f.kind.label(), missing)
		wrap(b, f.Doc)
		suffix, inner := f.kind.inside()
		describe(b, inner, at+suffix)
	}
}

// wrap writes a paragraph in lines of at most 80 characters.
func wrap(b *strings.Builder, text string) {
	const width, indent = 80, "   "
	line := indent
	for word := range strings.FieldsSeq(text) {
		if line != indent && len([]rune(line))+1+len([]rune(word)) > width {
			b.WriteString(line + "\n")
			line = indent
		}
		line += " " + word
	}
	b.WriteString(line + "\n\n")
}
