package decode

import (
	"cmp"
	"reflect"
	"slices"
)

// kind is a kind of value: a single one, a list, a mapping with known keys, or one with
// keys of the user's own.
type kind struct {
	scalar  *Scalar  // of a single value, and of those at any keys
	item    *kind    // of those in a list
	known   *mapping // the known keys
	anyKeys bool

	label, want string // what it is, in the reference and in faults
	least       int    // the fewest items of a list
	single      bool   // a list that also takes a single value
	short       string // the key of a mapping that also takes its value alone; "": none
	optional    bool   // also takes none, which stands for the zero value
}

// mapping are the known keys of a mapping.
type mapping struct {
	typ     reflect.Type // a struct, or a map from texts
	own     []Field
	inline  Inline
	inlined int // the index of its map in the struct; -1: none
}

// fields are those of a mapping that is read from a node; nil: all there can be.
func (m *mapping) fields(n *Node) (fields []Field, open bool) {
	if m.inline == nil {
		return m.own, false
	}
	fields, open = m.inline(n)
	return slices.Concat(m.own, fields), open
}

// none is how a value that may be missing is written out.
const none = "none"

// Decode reads a source into a struct, with defaults where keys are missing. Keys that are
// neither fields nor tolerated are faults, as is everything else that is wrong: the source
// has them.
func (f *Format) Decode(s *Source, into any, tolerated ...string) {
	s.hint = f.hint
	s.mapping(f.root.known, s.Root, "", reflect.ValueOf(into).Elem(), tolerated)
}

// read puts the value of a kind that stands at a path in its place; false when it reported
// a fault.
func (s *Source) read(k *kind, n *Node, path string, into reflect.Value) bool {
	switch {
	case k.optional && n.shape == scalarShape && n.Text == none:
		into.SetZero()
		return true
	case into.Kind() == reflect.Pointer:
		value := reflect.New(into.Type().Elem())
		ok := s.read(k, n, path, value.Elem())
		if ok {
			into.Set(value)
		}
		return ok
	case k.known != nil:
		if k.short != "" && n.shape == listShape {
			return s.mismatch(n, path, "a single value or a mapping", k.want)
		}
		if k.short != "" && n.shape == scalarShape && n.style != null {
			value := *n
			*n = Node{at: n.at, shape: mappingShape, pairs: []pair{{at: n.at, key: k.short, value: &value}}}
		}
		s.mapping(k.known, n, path, into, nil)
		return true
	case k.anyKeys:
		return s.dictionary(k, n, path, into)
	case k.item != nil:
		return s.list(k, n, path, into)
	}
	return s.scalar(k, n, path, path, into)
}

// scalar reads a single value that stands at a path, and at another in what is written
// down.
func (s *Source) scalar(k *kind, n *Node, path, written string, into reflect.Value) bool {
	if n.shape != scalarShape || n.style == null {
		return s.mismatch(n, path, "a single value", k.want)
	}
	if k.scalar.HandedOn {
		s.Texts = append(s.Texts, n)
	}
	v, flaw := k.scalar.Read(n)
	if flaw != nil {
		s.add(n.at, path, flaw.Problem, cmp.Or(flaw.Want, k.want))
		return false
	}
	if n.Written != "" {
		s.Written[written] = n.Written
	}
	into.Set(reflect.ValueOf(v).Convert(into.Type()))
	return true
}

func (s *Source) list(k *kind, n *Node, path string, into reflect.Value) bool {
	items := n.items
	switch {
	case n.shape == listShape && len(items) < k.least:
		s.add(n.at, path, "the list is empty", k.want)
		return false
	case n.shape != listShape && !k.single:
		return s.mismatch(n, path, "a list", k.want)
	case n.shape != listShape:
		one := reflect.MakeSlice(into.Type(), 1, 1)
		ok := s.read(k.item, n, path, one.Index(0))
		if ok {
			into.Set(one)
		}
		return ok
	}
	into.Set(reflect.MakeSlice(into.Type(), len(items), len(items)))
	for i, item := range items {
		at := Element(path, i)
		s.at[at] = item.at
		s.read(k.item, item, at, into.Index(i))
	}
	return true
}

// Keyed is a map from texts that says what its keys may be.
type Keyed interface {
	// Key returns the name that a key stands for, or what is wrong with it.
	Key(written string) (string, *Flaw)
}

// dictionary reads a mapping from keys of the user's own to single values, or to lists of them.
func (s *Source) dictionary(k *kind, n *Node, path string, into reflect.Value) bool {
	if n.shape != mappingShape {
		return s.mismatch(n, path, "a mapping", k.want)
	}
	into.Set(reflect.MakeMap(into.Type()))
	for _, p := range n.pairs {
		name, flaw := into.Interface().(Keyed).Key(p.key)
		if key := reflect.ValueOf(name); flaw == nil && into.MapIndex(key).IsValid() {
			flaw = &Flaw{"given twice, in one spelling or another", "it once"}
		}
		if flaw != nil {
			s.add(p.at, Member(path, p.key), flaw.Problem, flaw.Want)
		}
		value := reflect.New(into.Type().Elem()).Elem()
		if at := Member(path, p.key); k.item.scalar != nil {
			s.scalar(k.item, p.value, at, Member(path, name), value)
		} else {
			s.at[at] = p.at
			s.read(k.item, p.value, at, value)
		}
		into.SetMapIndex(reflect.ValueOf(name), value)
	}
	return true
}

func (s *Source) mapping(m *mapping, n *Node, path string, into reflect.Value, tolerated []string) {
	if n.shape != mappingShape {
		s.mismatch(n, path, "a mapping", "keys with their values")
		return
	}
	fields, open := m.fields(n)
	keys := Keys(fields)
	for _, p := range n.pairs {
		if open || slices.Contains(keys, p.key) || slices.Contains(tolerated, p.key) {
			continue
		}
		hint := Suggest(p.key, keys)
		if s.hint != nil {
			hint = cmp.Or(s.hint(path, p.key), hint)
		}
		s.add(p.at, Member(path, p.key), "unknown key"+hint, OneOf(keys))
	}
	for _, f := range fields {
		switch value := s.value(n, path, f); {
		case value == nil:
		case f.index != nil:
			s.read(f.kind, value, Member(path, f.Key), into.FieldByIndex(f.index))
		case m.typ.Kind() == reflect.Struct:
			s.entry(f, value, path, into.Field(m.inlined))
		default:
			s.entry(f, value, path, into)
		}
	}
}

// entry reads a field that is an entry of a map.
func (s *Source) entry(f Field, n *Node, path string, into reflect.Value) {
	value := reflect.New(f.typ).Elem()
	if !s.read(f.kind, n, Member(path, f.Key), value) || value.Kind() == reflect.Pointer && value.IsNil() {
		return
	}
	if into.IsNil() {
		into.Set(reflect.MakeMap(into.Type()))
	}
	into.SetMapIndex(reflect.ValueOf(f.Key), value)
}

// value is what a field is to be read from: what is written, or its default; nil where it
// has none.
func (s *Source) value(n *Node, path string, f Field) *Node {
	field := Member(path, f.Key)
	s.at[field] = n.at
	for _, p := range n.pairs {
		if p.key != f.Key {
			continue
		}
		if p.value.style == null { // there may be nothing to point at
			p.value.at = p.at
		}
		s.at[field], s.given[field] = p.value.at, true
		return p.value
	}
	if f.Required {
		s.add(n.at, field, "missing", f.Want())
	}
	if f.Default == "" {
		return nil
	}
	return f.fallback(n.at)
}

// fallback is the default as if it had been written where the mapping is that lacks it.
func (f Field) fallback(at origin) *Node {
	switch f.Default {
	case "[]":
		return &Node{at: at, shape: listShape}
	case "{}":
		return &Node{at: at, shape: mappingShape}
	case `""`:
		return &Node{at: at, style: quoted}
	}
	return &Node{at: at, style: verbatim, Text: f.Default}
}

// mismatch reports a value of another shape than the one that belongs there, and returns
// false.
func (s *Source) mismatch(n *Node, path, shape, want string) bool {
	switch {
	case n.shape == brokenShape:
	case n.shape == scalarShape && n.style == null:
		s.add(n.at, path, "no value given", want)
	default:
		s.add(n.at, path, n.String()+" is not "+shape, want)
	}
	return false
}
