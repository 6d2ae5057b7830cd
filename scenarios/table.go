package scenarios

import (
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/invopop/jsonschema"
)

// row is one key of a mapping that is read into a T: one line of the table.
type row[T any] struct {
	name     string
	doc      string // meaning, in sentences
	fallback string // the default as it would be written; "" for none
	absent   string // what a missing key means where fallback cannot say it
	required bool

	label  string // the kind of value, in the reference
	want   string // the same, in a fault
	decode func(d *decoder, n *node, path string, into *T)
	encode func(from *T) any
	schema func() *jsonschema.Schema
	keys   func(path string) []documented
}

// newRow makes a row for a value that is put and got by functions.
func newRow[T, V any](name string, k kind[V], put func(*T, V), get func(*T) V) row[T] {
	return row[T]{
		name:  name,
		label: k.label,
		want:  k.want,
		decode: func(d *decoder, n *node, path string, into *T) {
			if v, ok := k.read(d, n, path); ok {
				put(into, v)
			}
		},
		encode: func(from *T) any { return k.write(get(from)) },
		schema: k.schema,
		keys:   k.keys,
	}
}

// must makes a row for a key that has to be there.
func must[T, V any](name string, k kind[V], field func(*T) *V, doc string) row[T] {
	r := newRow(name, k, func(into *T, v V) { *field(into) = v }, func(from *T) V { return *field(from) })
	r.required, r.doc = true, doc
	return r
}

// may makes a row for a key that has a default.
func may[T, V any](name string, k kind[V], fallback string, field func(*T) *V, doc string) row[T] {
	r := must(name, k, field, doc)
	r.required, r.fallback = false, fallback
	return r
}

// otherwise makes a row for a key whose default needs words.
func otherwise[T, V any](name string, k kind[V], absent string, field func(*T) *V, doc string) row[T] {
	r := may(name, k, "", field, doc)
	r.absent = absent
	return r
}

func hasRow[T any](rows []row[T], key string) bool {
	return slices.Contains(rowNames(rows), key)
}

func rowNames[T any](rows []row[T]) []string {
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r.name
	}
	return names
}

// encode writes a T by its rows.
func encode[T any](rows []row[T], from *T) yaml.MapSlice {
	var all yaml.MapSlice
	for _, r := range rows {
		if v := r.encode(from); v != nil {
			all = append(all, yaml.MapItem{Key: r.name, Value: v})
		}
	}
	return all
}

// mappings are mappings with the rows given.
func mappings[T any](want string, rows []row[T]) kind[T] {
	return kind[T]{
		label: "mapping",
		want:  want,
		read: func(d *decoder, n *node, path string) (T, bool) {
			var v T
			decode(d, n, path, rows, &v, nil)
			return v, true
		},
		write:  func(v T) any { return encode(rows, &v) },
		schema: func() *jsonschema.Schema { return objectSchema(rows) },
		keys:   func(path string) []documented { return document(rows, path) },
	}
}
