package decode

import (
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
//	least:"1"          the fewest items of a list
//	label, want        what kind of value it is, in the reference and in faults
//
// The other kinds of value follow from the fields' types: structs, pointers to those that
// may be missing, lists, maps of texts, time.Duration, bool, numbers.
type Format struct {
	root *mapping
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
type Tag struct{ Key, Want, Min, Max string }

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

	kind     kind
	typ      reflect.Type // of the value
	index    int          // of the struct's field; -1: an entry of a map
	omitZero bool
}

// Want is what the key takes, in the words of a fault.
func (f Field) Want() string { return f.kind.want() }

// Entry is an entry of an inline map, of the type of zero.
func Entry(key, doc, fallback string, zero any, s Scalar) Field {
	return Field{Key: key, Doc: doc, Default: fallback, kind: scalar{s}, typ: reflect.TypeOf(zero), index: -1}
}

// Entries is an entry of an inline map that is a map of texts with the fields given.
func Entries(key, doc string, fields []Field) Field {
	typ := reflect.TypeFor[map[string]string]()
	return Field{Key: key, Doc: doc, Default: "{}", kind: &mapping{typ: typ, own: fields}, typ: typ, index: -1}
}

// EntryOf is an entry of an inline map that is a pointer to a struct such as of; nil where
// the key is missing.
func EntryOf(key, doc string, of any, o Options) Field {
	inner := builder{o}.mapping(reflect.TypeOf(of), "")
	return Field{Key: key, Doc: doc, Default: none, kind: optional{pointer{inner}, false}, typ: reflect.PointerTo(inner.typ), index: -1}
}

// NewFormat makes the format of a struct such as of.
func NewFormat(of any, o Options) *Format {
	return &Format{builder{o}.mapping(reflect.TypeOf(of), ""), o.Hint}
}

// Fields are those of the mapping at a path such as "load[]"; "": of the whole.
func (f *Format) Fields(at string) []Field {
	fields := f.root.fields(nil)
	for key := range strings.SplitSeq(strings.ReplaceAll(at, "[]", ""), ".") {
		if i := slices.IndexFunc(fields, func(f Field) bool { return f.Key == key }); i >= 0 {
			_, fields = fields[i].kind.inside()
		}
	}
	return fields
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

func (b builder) mapping(t reflect.Type, at string) *mapping {
	m := &mapping{typ: t, inlined: -1}
	for i := range t.NumField() {
		f := t.Field(i)
		if name, ok := f.Tag.Lookup("inline"); ok {
			m.inline, m.inlined = b.Inline[name], i
		}
		if _, ok := f.Tag.Lookup("key"); ok {
			m.own = append(m.own, b.field(t, f, at))
		}
	}
	return m
}

func (b builder) field(of reflect.Type, f reflect.StructField, at string) Field {
	flags := strings.Split(f.Tag.Get("key"), ",")
	has := func(flag string) bool { return slices.Contains(flags[1:], flag) }
	at = Member(at, flags[0])
	r := Field{
		Key: flags[0], Doc: b.Docs[path.Base(of.PkgPath())+"."+of.Name()+"."+f.Name],
		Default: f.Tag.Get("default"), Absent: f.Tag.Get("absent"), Required: has("required"),
		typ: f.Type, index: f.Index[0],
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
	if many, ok := r.kind.(list); ok && has("single") {
		r.kind = oneOrMore{many}
	}
	r.omitZero = r.Absent != "" || has("omitzero")
	if r.Default == none || has(none) {
		r.kind = optional{r.kind, !r.omitZero}
	}
	return r
}

func (b builder) kind(t reflect.Type, tag reflect.StructTag, key, at string) kind {
	if t.Kind() == reflect.Slice {
		least, _ := strconv.Atoi(tag.Get("least"))
		item := b.kind(t.Elem(), tag, key, at+"[]")
		return list{item: item, least: least, labelled: tag.Get("label"), wanted: tag.Get("want")}
	}
	if s, ok := b.scalar(t, tag, key); ok {
		if t.Kind() == reflect.Map {
			return dictionary{value: s, wanted: tag.Get("want")}
		}
		return scalar{s}
	}
	if t.Kind() == reflect.Pointer {
		return pointer{b.kind(t.Elem(), tag, key, at)}
	}
	m := b.mapping(t, at)
	m.wanted = tag.Get("want")
	return m
}

// scalar is the kind of single values of a type with tags; false of structs and lists.
func (b builder) scalar(t reflect.Type, tag reflect.StructTag, key string) (Scalar, bool) {
	minimum, maximum, want := tag.Get("min"), tag.Get("max"), tag.Get("want")
	format, noun := tag.Get("format"), tag.Get("choice")
	switch {
	case t.Kind() == reflect.Pointer:
		return Scalar{}, false
	case b.Scalars[format] != nil:
		return b.Scalars[format](Tag{key, want, minimum, maximum}), true
	case format == "fraction":
		return Fraction(), true
	case format == "word":
		return Words(want), true
	case noun != "":
		var names []string
		for _, c := range b.Choices[noun] {
			names = append(names, c.Name)
		}
		return OneName(noun, names), true
	case tag.Get("oneof") != "":
		return OneName(key, strings.Split(tag.Get("oneof"), ",")), true
	case t == reflect.TypeFor[time.Duration]():
		return Duration(minimum == "0"), true
	}
	switch t.Kind() {
	case reflect.String:
		return Text("text", nil), true
	case reflect.Bool:
		return Truth(), true
	case reflect.Int, reflect.Uint64:
		least, _ := strconv.ParseUint(minimum, 10, 64)
		most, _ := strconv.ParseUint(maximum, 10, 64)
		return Whole(least, most), true
	case reflect.Float64:
		least, _ := strconv.ParseFloat(minimum, 64)
		most, _ := strconv.ParseFloat(maximum, 64)
		return Number(least, most, false), true
	}
	return Scalar{}, false
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
