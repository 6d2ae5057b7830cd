package export

import (
	"fmt"

	"servebench/generators"
)

// layout checks that examples fit the schema and each other.
type layout struct {
	schema   generators.Schema
	started  bool // an example was admitted
	readable bool // it had human-readable columns
}

func (l *layout) admit(e generators.Example) error {
	if len(e.Features) != len(l.schema.Features) {
		return fmt.Errorf("export example: it has %d features, the schema %d", len(e.Features), len(l.schema.Features))
	}
	if n := len(e.Columns); n != 0 && n != len(l.schema.Columns) {
		return fmt.Errorf("export example: it has %d columns, the schema %d", n, len(l.schema.Columns))
	}
	for _, class := range [...]int{e.Label, e.Truth} {
		if class < 0 || class >= len(l.schema.Classes) {
			return fmt.Errorf("export example: class %d is none of the schema's %d", class, len(l.schema.Classes))
		}
	}
	readable := len(e.Columns) > 0
	if l.started && readable != l.readable {
		return fmt.Errorf("export example: human-readable columns must be in all examples or in none")
	}
	l.started, l.readable = true, readable
	return nil
}

// columns returns the names of what is printed, in order.
func (l *layout) columns() []string {
	var names []string
	for _, f := range l.schema.Features {
		names = append(names, f.Name)
	}
	if l.readable {
		names = append(names, l.schema.Columns...)
	}
	return append(names, labelColumn, truthColumn)
}

// category returns the index of the category that v stands for.
func category(v float32, names [][]byte) (int, bool) {
	i := int(v)
	return i, i >= 0 && i < len(names) && float32(i) == v
}

// encoded applies an encoding to every category name, once for all examples.
func encoded(features []generators.Feature, encode func([]byte, string) []byte) [][][]byte {
	names := make([][][]byte, len(features))
	for i, f := range features {
		names[i] = encodedNames(f.Categories, encode)
	}
	return names
}

func encodedNames(names []string, encode func([]byte, string) []byte) [][]byte {
	out := make([][]byte, len(names))
	for i, name := range names {
		out[i] = encode(nil, name)
	}
	return out
}
