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
	describe(&b, f.root.fields(), "")
	return b.String()
}

// schema describes what values of the kind are, as far as a schema can.
func (k *kind) schema() *jsonschema.Schema {
	var s *jsonschema.Schema
	switch {
	case k.known != nil:
		s = objectSchema(k.fields())
		if k.short != "" {
			s = anyOf(k.shortField().kind.schema(), s)
		}
	case k.anyKeys:
		s = &jsonschema.Schema{Type: "object", AdditionalProperties: k.item.schema()}
	case k.item != nil:
		s = &jsonschema.Schema{Type: "array", Items: k.item.schema()}
		if least := uint64(k.least); least > 0 {
			s.MinItems = &least
		}
	default:
		plain := k.scalar.Schema
		s = &plain
	}
	if k.single {
		s = anyOf(k.item.schema(), s)
	}
	if k.optional {
		s = anyOf(s, &jsonschema.Schema{Const: none})
	}
	return s
}

func anyOf(of ...*jsonschema.Schema) *jsonschema.Schema { return &jsonschema.Schema{AnyOf: of} }

func objectSchema(fields []Field) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema}
	for _, f := range fields {
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
		fmt.Fprintf(b, "%s  (%s; %s)\n", at, f.kind.label, missing)
		wrap(b, f.Doc)
		if f.kind.item != nil {
			at += "[]"
		}
		describe(b, f.kind.fields(), at)
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
