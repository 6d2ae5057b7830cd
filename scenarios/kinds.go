package scenarios

import (
	"github.com/invopop/jsonschema"
)

// kind is a kind of value: how it is read, written and described.
type kind[V any] struct {
	label string // in the reference: "duration"
	want  string // in a fault: "a duration with its unit, such as 10s"
	// read returns the value at a path; false when it reported a fault.
	read func(d *decoder, n *node, path string) (V, bool)
	// write returns the value for the YAML encoder; nil leaves its key out.
	write func(V) any
	// schema describes what read takes, as far as a schema can.
	schema func() *jsonschema.Schema
	// keys lists the keys inside the value at a path, nil where there are none.
	keys func(path string) []documented
}

// scalar makes a kind of single values.
func scalar[V any](label, want string, read func(*node) (V, *flaw), write func(V) any, schema func() *jsonschema.Schema) kind[V] {
	return kind[V]{
		label: label,
		want:  want,
		read: func(d *decoder, n *node, path string) (V, bool) {
			var none V
			switch {
			case n.shape == brokenShape:
				return none, false
			case n.shape != scalarShape || n.style == null:
				d.add(n.at, path, mismatch(n, "a single value"), want)
				return none, false
			}
			v, f := read(n)
			if f == nil {
				d.keep(path, n.written)
				return v, true
			}
			if f.want == "" {
				f.want = want
			}
			d.add(n.at, path, f.problem, f.want)
			return none, false
		},
		write:  write,
		schema: schema,
	}
}

// list makes a kind of lists. least is the fewest items that it takes.
func list[V any](label, want string, least int, item kind[V]) kind[[]V] {
	return kind[[]V]{
		label: label,
		want:  want,
		read: func(d *decoder, n *node, path string) ([]V, bool) {
			switch {
			case n.shape == brokenShape:
				return nil, false
			case n.shape != listShape:
				d.add(n.at, path, mismatch(n, "a list"), want)
				return nil, false
			case len(n.things) < least:
				d.add(n.at, path, "the list is empty", want)
				return nil, false
			}
			return items(d, n, path, item), true
		},
		write: func(values []V) any {
			if len(values) == 0 {
				return nil
			}
			all := make([]any, len(values))
			for i, v := range values {
				all[i] = item.write(v)
			}
			return all
		},
		schema: func() *jsonschema.Schema {
			s := &jsonschema.Schema{Type: "array", Items: item.schema()}
			if least > 0 {
				n := uint64(least)
				s.MinItems = &n
			}
			return s
		},
		keys: func(path string) []documented {
			if item.keys == nil {
				return nil
			}
			return item.keys(path + "[]")
		},
	}
}

// mismatch says that a value is of another shape than the one that belongs
// there.
func mismatch(n *node, shape string) string {
	if n.shape == scalarShape && n.style == null {
		return "no value given"
	}
	return n.String() + " is not " + shape
}

// items reads the items of a list.
func items[V any](d *decoder, n *node, path string, item kind[V]) []V {
	values := make([]V, 0, len(n.things))
	for i, thing := range n.things {
		at := element(path, i)
		d.at[at] = thing.at
		v, _ := item.read(d, thing, at)
		values = append(values, v)
	}
	return values
}
