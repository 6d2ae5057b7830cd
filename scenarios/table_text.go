package scenarios

import (
	"cmp"
	"fmt"
	"strings"
)

// documented is one key of the reference.
type documented struct {
	path    string // "load[].rate"
	label   string // the kind of value: "duration"
	missing string // what it means that the key is missing: "default 10s"
	doc     string
}

// document lists the keys of a mapping at a path and all keys inside them.
func document[T any](rows []row[T], path string) []documented {
	var all []documented
	for _, r := range rows {
		field := member(path, r.name)
		line := documented{path: field, label: r.label, doc: r.doc, missing: "default " + cmp.Or(r.absent, r.fallback)}
		if r.required {
			line.missing = "required"
		}
		var inner []documented
		if r.keys != nil {
			inner = r.keys(field)
		}
		if r.fallback == "{}" {
			line.missing = "optional"
		}
		all = append(append(all, line), inner...)
	}
	return all
}

// referenceWidth is the width that the reference is wrapped to, in characters.
const referenceWidth = 80

// FormatReference returns the reference of the format as plain text: every key
// with its kind of value, its default and its meaning.
func FormatReference(cat Catalogue) string {
	var b strings.Builder
	for _, line := range document(scenarioRows(cat), "") {
		fmt.Fprintf(&b, "%s  (%s; %s)\n", line.path, line.label, line.missing)
		wrap(&b, line.doc, "    ")
		b.WriteByte('\n')
	}
	return b.String()
}

// wrap writes text in lines of at most referenceWidth.
func wrap(b *strings.Builder, text, indent string) {
	column := 0
	for word := range strings.FieldsSeq(text) {
		length := len([]rune(word))
		switch {
		case column == 0:
			b.WriteString(indent + word)
			column = len(indent) + length
		case column+1+length > referenceWidth:
			b.WriteString("\n" + indent + word)
			column = len(indent) + length
		default:
			b.WriteString(" " + word)
			column += 1 + length
		}
	}
	b.WriteByte('\n')
}
