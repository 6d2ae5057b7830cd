package decode

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Format is a mapping in YAML whose keys are the fields of a struct. Their tags are:
//
//	key:"name"         what the key is called, and after commas:
//	                   required, for one that has to be there;
//	                   none, for one that also takes none, as do those with default:"none";
//	                   omitzero, for one that is not written when it is missing;
//	                   single, for a list that also takes a single value;
//	                   short=on, for a mapping that also takes the value of its key on alone;
//	                   first, for a choice whose first name is the default
//	inline:"name"      in the place of key, for a map whose keys stand beside those of the
//	                   fields: Options.Inline says which
//	default:"10s"      the value of a missing key, as it would be written
//	absent:"no limit"  in the place of default, what it means that the key is missing;
//	                   then it is not written
//	format:"name"      the kind of value, of Options.Scalars, or word or fraction
//	choice:"noun"      one of Options.Choices' names of that noun
//	oneof:"a,b"        one of these names
//	min:"1" max:"9"    the bounds of a number; min:"0" also lets a duration be 0s
//	unit:"ms"          the unit proposed for a duration without one; else s
//	least:"1"          the fewest items of a list
//	label, want        what kind of value it is, in the reference and in faults
//
// The fields of a struct that is embedded are keys beside the others.
//
// The other kinds of value follow from the fields' types: structs, pointers to what may be
// missing, lists, maps of texts that are Keyed, time.Duration, bool, numbers, texts.
type Format struct {
	root *kind
	hint func(path, key string) string
}

// Options are what tags name.
type Options struct {
	Scalars map[string]func(Tag) Scalar
	Choices map[string][]Choice
	Inline  map[string]Inline
	Docs    Docs
	// Notes are sentences that follow on the docs of fields, by path: "load[].to".
	Notes map[string]string
	// Hint says of a key that is unknown at a path what was meant; "" if it does not know.
	Hint func(path, key string) string
}

// Tag is what a field's tags say of its values; "" where they say nothing.
type Tag struct{ Want, Min string }

// Inline returns the fields that stand in a mapping beside those of its struct; open says
// that there are others, which nobody knows. Without a mapping it returns all there can be.
type Inline func(n *Node) (fields []Field, open bool)

// Field is one key of a mapping.
type Field struct {
	Key      string
	Doc      string // its meaning, in sentences
	Default  string // as it would be written; "": none
	Absent   string // what a missing key means where Default cannot say it
	Required bool

	kind     *kind
	typ      reflect.Type // of the value
	index    []int        // of the struct's field, or of one of a struct that is embedded in it; nil: an entry of a map
	omitZero bool
}

// Want is what the key takes, in the words of a fault.
func (f Field) Want() string { return f.kind.want }

// Entry is an entry of an inline map, of the type of zero.
func Entry(key, doc, fallback string, zero any, s Scalar) Field {
	return Field{Key: key, Doc: doc, Default: fallback, kind: single(s), typ: reflect.TypeOf(zero)}
}

// Entries is an entry of an inline map that is a map of texts with the fields given.
func Entries(key, doc string, fields []Field) Field {
	typ := reflect.TypeFor[map[string]string]()
	return Field{Key: key, Doc: doc, Default: "{}", kind: mappingOf(&mapping{typ: typ, own: fields}, ""), typ: typ}
}

// EntryOf is an entry of an inline map that is a pointer to a struct such as of; nil where
// the key is missing.
func EntryOf(key, doc string, of any, o Options) Field {
	k := builder{o}.structure(reflect.TypeOf(of), "", "")
	k.label, k.optional = k.label+" or "+none, true
	return Field{Key: key, Doc: doc, Default: none, kind: k, typ: reflect.PointerTo(k.known.typ)}
}

func single(s Scalar) *kind { return &kind{scalar: &s, label: s.Label, want: s.Want} }

func mappingOf(m *mapping, want string) *kind { return &kind{known: m, label: "mapping", want: want} }

// NewFormat makes the format of a struct such as of.
func NewFormat(of any, o Options) *Format {
	return &Format{builder{o}.structure(reflect.TypeOf(of), "", ""), o.Hint}
}

// Fields are those of the mapping at a path such as "load[]"; "": of the whole.
func (f *Format) Fields(at string) []Field {
	k := f.root
	for key := range strings.SplitSeq(strings.ReplaceAll(at, "[]", ""), ".") {
		fields := k.fields()
		if i := slices.IndexFunc(fields, func(f Field) bool { return f.Key == key }); i >= 0 {
			k = fields[i].kind
		}
	}
	return k.fields()
}

// fields are those inside a value of the kind.
func (k *kind) fields() []Field {
	switch {
	case k.item != nil:
		return k.item.fields()
	case k.known != nil:
		fields, _ := k.known.fields(nil)
		return fields
	}
	return nil
}

// shortField is the field whose value stands for the whole mapping.
func (k *kind) shortField() Field {
	fields := k.fields()
	return fields[slices.IndexFunc(fields, func(f Field) bool { return f.Key == k.short })]
}

// Keys are the names of fields.
func Keys(fields []Field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Key
	}
	return names
}

type builder struct{ Options }

func (b builder) structure(t reflect.Type, at, want string) *kind {
	m := &mapping{typ: t, inlined: -1}
	for _, f := range reflect.VisibleFields(t) {
		if name, ok := f.Tag.Lookup("inline"); ok {
			m.inline, m.inlined = b.Inline[name], f.Index[0]
		}
		if _, ok := f.Tag.Lookup("key"); ok {
			m.own = append(m.own, b.field(t, f, at))
		}
	}
	return mappingOf(m, want)
}

func (b builder) field(of reflect.Type, f reflect.StructField, at string) Field {
	flags := strings.Split(f.Tag.Get("key"), ",")
	has := func(flag string) bool { return slices.Contains(flags[1:], flag) }
	at = Member(at, flags[0])
	for _, i := range f.Index[:len(f.Index)-1] {
		of = of.Field(i).Type
	}
	r := Field{
		Key: flags[0], Doc: b.Docs[path.Base(of.PkgPath())+"."+of.Name()+"."+f.Name],
		Default: f.Tag.Get("default"), Absent: f.Tag.Get("absent"), Required: has("required"),
		typ: f.Type, index: f.Index,
	}
	if names := b.Choices[f.Tag.Get("choice")]; has("first") && len(names) > 0 {
		r.Default = names[0].Name
	}
	for _, c := range b.Choices[f.Tag.Get("choice")] {
		if c.Doc != "" {
			r.Doc += " " + c.Name + ": " + strings.TrimSuffix(c.Doc, ".") + "."
		}
	}
	if note := b.Notes[at]; note != "" {
		r.Doc += " " + note
	}
	r.kind = b.kind(f.Type, f.Tag, flags[0], at)
	if has("single") {
		r.kind.single, r.kind.label, r.kind.want = true, r.kind.item.label+", or a list", r.kind.item.want+", or a list"
	}
	for _, flag := range flags[1:] {
		if key, is := strings.CutPrefix(flag, "short="); is {
			r.kind.short = key
			r.kind.label = r.kind.shortField().kind.label + ", or a mapping"
			r.kind.want = r.kind.shortField().Want() + ", or a mapping"
		}
	}
	if r.kind.optional = r.Default == none || has(none); r.kind.optional {
		r.kind.label += " or " + none
	}
	r.omitZero = r.Absent != "" || has("omitzero") || r.kind.optional && r.kind.scalar == nil
	return r
}

func (b builder) kind(t reflect.Type, tag reflect.StructTag, key, at string) *kind {
	want := tag.Get("want")
	of := t
	if t.Kind() == reflect.Map {
		of = t.Elem()
	}
	switch s := b.scalar(of, tag, key); {
	case t.Kind() == reflect.Pointer:
		return b.kind(t.Elem(), tag, key, at)
	case t.Kind() == reflect.Slice:
		least, _ := strconv.Atoi(tag.Get("least"))
		return &kind{item: b.kind(t.Elem(), tag, key, at+"[]"), least: least, label: tag.Get("label"), want: want}
	case t.Kind() == reflect.Map && t.Elem().Kind() == reflect.Slice:
		return &kind{item: b.kind(t.Elem(), tag, key, at), anyKeys: true, label: "mapping of lists", want: want}
	case t.Kind() == reflect.Map:
		return &kind{item: single(*s), anyKeys: true, label: "mapping", want: want}
	case s != nil:
		return single(*s)
	}
	return b.structure(t, at, want)
}

// scalar is the kind of single values of a type with tags; nil of structs.
func (b builder) scalar(t reflect.Type, tag reflect.StructTag, key string) *Scalar {
	s, format, noun := Scalar{}, tag.Get("format"), tag.Get("choice")
	least, _ := strconv.ParseUint(tag.Get("min"), 10, 64)
	most, _ := strconv.ParseUint(tag.Get("max"), 10, 64)
	switch {
	case b.Scalars[format] != nil:
		s = b.Scalars[format](Tag{tag.Get("want"), tag.Get("min")})
	case format == "fraction":
		s = Fraction()
	case format == "word":
		s = Words(tag.Get("want"))
	case noun != "":
		var names []string
		for _, c := range b.Choices[noun] {
			names = append(names, c.Name)
		}
		s = OneName(noun, names)
	case tag.Get("oneof") != "":
		s = OneName(key, strings.Split(tag.Get("oneof"), ","))
	case t == reflect.TypeFor[time.Duration]():
		s = Duration(tag.Get("min") == "0", tag.Get("unit"))
	case t.Kind() == reflect.String:
		s = Text(cmp.Or(tag.Get("want"), "text"), nil)
	case t.Kind() == reflect.Bool:
		s = Truth()
	case t.Kind() == reflect.Int, t.Kind() == reflect.Uint64:
		s = Whole(least, most)
	case t.Kind() == reflect.Float64:
		least, _ := strconv.ParseFloat(tag.Get("min"), 64)
		most, _ := strconv.ParseFloat(tag.Get("max"), 64)
		s = Number(least, most, false)
	default:
		return nil
	}
	return &s
}

// Docs are the comments of the fields of structs, by "package.Type.Field".
type Docs map[string]string

// ParseDocs reads them from the Go files of some folders.
func ParseDocs(folders ...fs.FS) Docs {
	docs := Docs{}
	for _, folder := range folders {
		names, _ := fs.Glob(folder, "*.go")
		for _, name := range names {
			text, _ := fs.ReadFile(folder, name)
			// What does not parse has no docs, which shows in the reference.
			if file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution); err == nil {
				docs.add(file)
			}
		}
	}
	return docs
}

func (d Docs) add(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		t, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		if s, ok := t.Type.(*ast.StructType); ok {
			for _, f := range s.Fields.List {
				for _, name := range f.Names {
					d[file.Name.Name+"."+t.Name.Name+"."+name.Name] = strings.Join(strings.Fields(f.Doc.Text()), " ")
				}
			}
		}
		return false
	})
}
