package scenarios

import "github.com/invopop/jsonschema"

// none is how a value that may be missing is written out.
const none = "none"

// orNone also takes none, which stands for the zero value.
func orNone[V comparable](k kind[V]) kind[V] {
	var zero V
	return optional(k, zero, func(v V) bool { return v == zero })
}

// orNil also takes none, which stands for nil.
func orNil[V any](k kind[V]) kind[*V] {
	return optional(pointed(k), nil, isNoPointer)
}

// pointed makes a kind of pointers to values of another kind.
func pointed[V any](k kind[V]) kind[*V] {
	return kind[*V]{
		label: k.label,
		want:  k.want,
		read: func(d *decoder, n *node, path string) (*V, bool) {
			v, ok := k.read(d, n, path)
			return &v, ok
		},
		write:  func(v *V) any { return k.write(*v) },
		schema: k.schema,
		keys:   k.keys,
	}
}

func isNoPointer[V any](v *V) bool { return v == nil }

// leftOut also takes none, and does not write what is missing.
func leftOut[V any](k kind[V], isMissing func(V) bool) kind[V] {
	var missing V
	write := k.write
	k = optional(k, missing, isMissing)
	k.write = func(v V) any {
		if isMissing(v) {
			return nil
		}
		return write(v)
	}
	return k
}

func optional[V any](k kind[V], missing V, isMissing func(V) bool) kind[V] {
	inner := k
	k.label += " or " + none
	k.read = func(d *decoder, n *node, path string) (V, bool) {
		if n.shape == scalarShape && n.text == none {
			return missing, true
		}
		return inner.read(d, n, path)
	}
	k.write = func(v V) any {
		if isMissing(v) {
			return none
		}
		return inner.write(v)
	}
	k.schema = func() *jsonschema.Schema {
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{inner.schema(), {Const: none}}}
	}
	return k
}

// absent leaves the zero value out of the resolved scenario.
func absent[V comparable](k kind[V]) kind[V] {
	var zero V
	write := k.write
	k.write = func(v V) any {
		if v == zero {
			return nil
		}
		return write(v)
	}
	return k
}
