package decode

import (
	"maps"
	"reflect"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/invopop/jsonschema"
)

// kind is a kind of value: how it is read, written and described.
type kind interface {
	label() string
	want() string
	// read puts the value at a path in its place; false when it reported a fault.
	read(s *Source, n *Node, path string, into reflect.Value) bool
	// write returns the value for the YAML encoder; nil leaves its key out.
	write(v reflect.Value) any
	// schema describes what read takes, as far as a schema can.
	schema() *jsonschema.Schema
	// inside are the fields inside the value, and what follows on its path.
	inside() (suffix string, fields []Field)
}

// none is how a value that may be missing is written out.
const none = "none"

// Decode reads a source into a struct, with defaults where keys are missing. Keys that are
// neither fields nor tolerated are faults, as is everything else that is wrong: the
// source has them.
func (f *Format) Decode(s *Source, into any, tolerated ...string) {
	s.hint = f.hint
	root := *f.root
	root.tolerated = tolerated
	root.read(s, s.Root, "", reflect.ValueOf(into).Elem())
}

// mapping is a mapping with known keys.
type mapping struct {
	typ       reflect.Type // a struct, or a map from texts
	own       []Field
	inline    Inline
	inlined   int // the index of its map in the struct; -1: none
	wanted    string
	tolerated []string
}

func (m *mapping) label() string { return "mapping" }
func (m *mapping) want() string  { return m.wanted }

func (m *mapping) fields(n *Node) []Field {
	if m.inline == nil {
		return m.own
	}
	more, _ := m.inline(n)
	return slices.Concat(m.own, more)
}

func (m *mapping) read(s *Source, n *Node, path string, into reflect.Value) bool {
	if n.shape != mappingShape {
		s.mismatch(n, path, "a mapping", "keys with their values")
		return true
	}
	open := false
	if m.inline != nil {
		_, open = m.inline(n)
	}
	fields := m.fields(n)
	keys := Keys(fields)
	for _, p := range n.pairs {
		if !open && !slices.Contains(keys, p.key) && !slices.Contains(m.tolerated, p.key) {
			hint := ""
			if s.hint != nil {
				hint = s.hint(path, p.key)
			}
			if hint == "" {
				hint = Suggest(p.key, keys)
			}
			s.add(p.at, Member(path, p.key), "unknown key"+hint, OneOf(keys))
		}
	}
	for _, f := range fields {
		value := s.value(n, path, f)
		switch {
		case value == nil:
		case f.index >= 0:
			f.kind.read(s, value, Member(path, f.Key), into.Field(f.index))
		default:
			m.readEntry(s, value, path, f, into)
		}
	}
	return true
}

// value is what a field is to be read from: what is written, or its default; nil where it
// has none.
func (s *Source) value(n *Node, path string, f Field) *Node {
	field := Member(path, f.Key)
	i := slices.IndexFunc(n.pairs, func(p pair) bool { return p.key == f.Key })
	switch {
	case i >= 0:
		value := n.pairs[i].value
		if value.style == null { // there may be nothing to point at
			value.at = n.pairs[i].at
		}
		s.at[field], s.given[field] = value.at, true
		return value
	case f.Default != "":
		s.at[field] = n.at
		return f.fallback(n.at)
	}
	s.at[field] = n.at
	if f.Required {
		s.add(n.at, field, "missing", f.Want())
	}
	return nil
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

// readEntry reads a field that is an entry of a map: of the mapping's own, or of the one
// in its struct.
func (m *mapping) readEntry(s *Source, n *Node, path string, f Field, into reflect.Value) {
	if m.typ.Kind() == reflect.Struct {
		into = into.Field(m.inlined)
	}
	value := reflect.New(f.typ).Elem()
	if !f.kind.read(s, n, Member(path, f.Key), value) || f.omits(value) {
		return
	}
	if into.IsNil() {
		into.Set(reflect.MakeMap(into.Type()))
	}
	into.SetMapIndex(reflect.ValueOf(f.Key), value)
}

// omits reports whether a value is that of a struct that is missing.
func (f Field) omits(value reflect.Value) bool {
	return value.Kind() == reflect.Pointer && value.IsNil()
}

// zeroKeeper is a struct some of whose values are written also where they are zero and
// would not be otherwise.
type zeroKeeper interface{ KeepsZero(key string) bool }

func (m *mapping) write(v reflect.Value) any {
	var all yaml.MapSlice
	keeper, _ := v.Interface().(zeroKeeper)
	for _, f := range m.own {
		value := v.Field(f.index)
		if f.omitZero && value.IsZero() && (keeper == nil || !keeper.KeepsZero(f.Key)) {
			continue
		}
		if written := f.kind.write(value); written != nil {
			all = append(all, yaml.MapItem{Key: f.Key, Value: written})
		}
	}
	if m.inlined >= 0 {
		all = append(all, writeMap(v.Field(m.inlined))...)
	}
	return all
}

func (m *mapping) inside() (string, []Field) { return "", m.fields(nil) }

// list is a list of values of one kind.
type list struct {
	item             kind
	least            int // the fewest items
	labelled, wanted string
}

func (l list) label() string { return l.labelled }
func (l list) want() string  { return l.wanted }

func (l list) read(s *Source, n *Node, path string, into reflect.Value) bool {
	switch {
	case n.shape != listShape:
		return s.mismatch(n, path, "a list", l.wanted)
	case len(n.items) < l.least:
		s.add(n.at, path, "the list is empty", l.wanted)
		return false
	}
	values := reflect.MakeSlice(into.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		at := Element(path, i)
		s.at[at] = item.at
		l.item.read(s, item, at, values.Index(i))
	}
	into.Set(values)
	return true
}

func (l list) write(v reflect.Value) any {
	if v.Len() == 0 {
		return nil
	}
	all := make([]any, v.Len())
	for i := range all {
		all[i] = l.item.write(v.Index(i))
	}
	return all
}

func (l list) inside() (string, []Field) {
	_, fields := l.item.inside()
	return "[]", fields
}

// oneOrMore also takes a single value for a list of one.
type oneOrMore struct{ list }

func (o oneOrMore) label() string { return o.item.label() + ", or a list" }
func (o oneOrMore) want() string  { return o.item.want() + ", or a list" }

func (o oneOrMore) read(s *Source, n *Node, path string, into reflect.Value) bool {
	if n.shape == listShape {
		o.wanted = o.want()
		return o.list.read(s, n, path, into)
	}
	one := reflect.MakeSlice(into.Type(), 1, 1)
	ok := o.item.read(s, n, path, one.Index(0))
	if ok {
		into.Set(one)
	}
	return ok
}

func (o oneOrMore) write(v reflect.Value) any {
	if v.Len() == 1 {
		return o.item.write(v.Index(0))
	}
	return o.list.write(v)
}

// Keyed is a map from texts that says what its keys may be.
type Keyed interface {
	// Key returns the name that a key stands for, or what is wrong with it.
	Key(written string) (string, *Flaw)
}

// dictionary is a mapping from keys of the user's own to texts.
type dictionary struct {
	value  Scalar
	wanted string
}

func (d dictionary) label() string { return "mapping" }
func (d dictionary) want() string  { return d.wanted }

func (d dictionary) read(s *Source, n *Node, path string, into reflect.Value) bool {
	if n.shape != mappingShape {
		return s.mismatch(n, path, "a mapping", d.wanted)
	}
	all := reflect.MakeMap(into.Type())
	for _, p := range n.pairs {
		name, flaw := all.Interface().(Keyed).Key(p.key)
		key := reflect.ValueOf(name)
		switch {
		case flaw != nil:
			s.add(p.at, Member(path, p.key), flaw.Problem, flaw.Want)
		case all.MapIndex(key).IsValid():
			s.add(p.at, Member(path, p.key), "given twice, in one spelling or another", "it once")
		}
		value := reflect.New(into.Type().Elem()).Elem()
		scalar{d.value}.readAs(s, p.value, Member(path, p.key), Member(path, name), value)
		all.SetMapIndex(key, value)
	}
	into.Set(all)
	return true
}

func (d dictionary) write(v reflect.Value) any {
	if written := writeMap(v); len(written) > 0 {
		return written
	}
	return nil
}

func (d dictionary) inside() (string, []Field) { return "", nil }

// pointer is a value that may be missing, which nil stands for.
type pointer struct{ kind }

func (p pointer) read(s *Source, n *Node, path string, into reflect.Value) bool {
	value := reflect.New(into.Type().Elem())
	ok := p.kind.read(s, n, path, value.Elem())
	if ok {
		into.Set(value)
	}
	return ok
}

func (p pointer) write(v reflect.Value) any {
	if v.IsNil() {
		return nil
	}
	return p.kind.write(v.Elem())
}

// optional also takes none, which stands for the zero value; written says that none is
// written out for it.
type optional struct {
	kind
	written bool
}

func (o optional) label() string { return o.kind.label() + " or " + none }

func (o optional) read(s *Source, n *Node, path string, into reflect.Value) bool {
	if n.shape == scalarShape && n.Text == none {
		into.SetZero()
		return true
	}
	return o.kind.read(s, n, path, into)
}

func (o optional) write(v reflect.Value) any {
	if v.IsZero() {
		if o.written && !isComposite(o.kind) {
			return none
		}
		return nil
	}
	return o.kind.write(v)
}

// isComposite reports whether there are keys or items inside the values of a kind.
func isComposite(k kind) bool {
	suffix, fields := k.inside()
	return suffix != "" || fields != nil
}

// scalar is a kind of single values.
type scalar struct{ Scalar }

func (k scalar) label() string { return k.Label }
func (k scalar) want() string  { return k.Want }

func (k scalar) read(s *Source, n *Node, path string, into reflect.Value) bool {
	return k.readAs(s, n, path, path, into)
}

// readAs reads a value that stands at a path and is another's in what is written down.
func (k scalar) readAs(s *Source, n *Node, path, known string, into reflect.Value) bool {
	if n.shape != scalarShape || n.style == null {
		return s.mismatch(n, path, "a single value", k.Want)
	}
	if k.HandedOn {
		s.Texts = append(s.Texts, n)
	}
	v, flaw := k.Read(n)
	if flaw != nil {
		want := flaw.Want
		if want == "" {
			want = k.Want
		}
		s.add(n.at, path, flaw.Problem, want)
		return false
	}
	if n.Written != "" {
		s.Written[known] = n.Written
	}
	into.Set(reflect.ValueOf(v).Convert(into.Type()))
	return true
}

func (k scalar) write(v reflect.Value) any {
	if k.Write != nil {
		return k.Write(v.Interface())
	}
	return writePlain(v)
}

func (k scalar) inside() (string, []Field) { return "", nil }

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

// Encode returns a struct for the YAML encoder, with every default written out.
func (f *Format) Encode(from any) yaml.MapSlice {
	return f.root.write(reflect.ValueOf(from)).(yaml.MapSlice)
}

// writeMap writes the entries of a map by their names.
func writeMap(v reflect.Value) yaml.MapSlice {
	var all yaml.MapSlice
	entries := map[string]reflect.Value{}
	for _, key := range v.MapKeys() {
		entries[key.String()] = v.MapIndex(key)
	}
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		if written := writePlain(entries[name]); written != nil {
			all = append(all, yaml.MapItem{Key: name, Value: written})
		}
	}
	return all
}
