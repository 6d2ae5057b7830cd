package decode

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// Encode returns a struct for the YAML encoder, with every default written out.
func (f *Format) Encode(from any) yaml.MapSlice {
	return f.root.known.write(reflect.ValueOf(from))
}

// Marshal writes what Encode returns as YAML.
func Marshal(all yaml.MapSlice) ([]byte, error) {
	return yaml.MarshalWithOptions(all, yaml.IndentSequence(true))
}

// zeroKeeper is a struct some of whose values are written also where they are zero and
// would not be otherwise.
type zeroKeeper interface{ KeepsZero(key string) bool }

func (m *mapping) write(v reflect.Value) yaml.MapSlice {
	var all yaml.MapSlice
	keeper, _ := v.Interface().(zeroKeeper)
	for _, f := range m.own {
		value := v.FieldByIndex(f.index)
		if f.omitZero && value.IsZero() && (keeper == nil || !keeper.KeepsZero(f.Key)) {
			continue
		}
		if written := f.kind.write(value); written != nil {
			all = append(all, yaml.MapItem{Key: f.Key, Value: written})
		}
	}
	if m.inlined >= 0 {
		all = append(all, writeMap(v.Field(m.inlined), writePlain)...)
	}
	return all
}

// write returns a value of the kind for the YAML encoder; nil leaves its key out.
func (k *kind) write(v reflect.Value) any {
	switch {
	case k.optional && v.IsZero():
		return none
	case v.Kind() == reflect.Pointer:
		return k.write(v.Elem())
	case k.known != nil:
		return k.known.write(v)
	case k.single && v.Len() == 1:
		return k.item.write(v.Index(0))
	case k.scalar != nil && k.scalar.Write != nil:
		return k.scalar.Write(v.Interface())
	case k.anyKeys && k.item.scalar == nil:
		return writeMap(v, k.item.write)
	case v.Kind() != reflect.Slice:
		return writePlain(v)
	case v.Len() == 0:
		return nil
	}
	all := make([]any, v.Len())
	for i := range all {
		all[i] = k.item.write(v.Index(i))
	}
	return all
}

// writeMap writes the entries of a map by their names.
func writeMap(v reflect.Value, write func(reflect.Value) any) yaml.MapSlice {
	var all yaml.MapSlice
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, key := range keys {
		if written := write(v.MapIndex(key)); written != nil {
			all = append(all, yaml.MapItem{Key: key.String(), Value: written})
		}
	}
	return all
}

// writePlain returns a value that nothing more is known of than its type.
func writePlain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Interface:
		return writePlain(v.Elem())
	case reflect.Pointer:
		return builder{}.structure(v.Type().Elem(), "", "").known.write(v.Elem())
	case reflect.Map:
		if all := writeMap(v, writePlain); all != nil {
			return all
		}
		return nil
	case reflect.String:
		return WriteText(v.String())
	case reflect.Float64: // whole ones without the decimal point that the encoder would give them
		if f := v.Float(); f == math.Trunc(f) && math.Abs(f) < 1e15 {
			return int64(f)
		}
	}
	return v.Interface()
}

// WriteText returns a text for the YAML encoder: as it is where every YAML reader takes
// it for that text, in quotes otherwise. The encoder's own choice leaves out quotes that
// texts such as 1e3 need.
func WriteText(s string) any {
	if plainText.MatchString(s) && !notText.MatchString(s) {
		return s
	}
	return quotedText(s)
}

// WriteValue returns a value that may be a number or a text for the YAML encoder: a number
// as it is, anything else as WriteText has it.
func WriteValue(s string) any {
	if IsNumber(s) {
		return numeral(s)
	}
	return WriteText(s)
}

// numeral is a number that the YAML encoder writes as it stands.
type numeral string

// MarshalYAML writes the number.
func (n numeral) MarshalYAML() ([]byte, error) { return []byte(n), nil }

// Literal returns a text in which a scenario's $ and {{ stand for themselves.
func Literal(text string) string {
	return strings.NewReplacer("$", "$$", "{{", "{{{{").Replace(text)
}

// notName is what the name of a scenario cannot have.
var notName = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// NameOf makes the name of a scenario of any text; of one that has no letters, the other.
func NameOf(text, other string) string {
	name := cmp.Or(strings.Trim(notName.ReplaceAllString(text, "-"), "-_"), other)
	return name[:min(len(name), 64)]
}

// TextOf is the text of a value for the YAML encoder; false where it is none.
func TextOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case quotedText:
		return string(v), true
	}
	return "", false
}

// What reads as prose, a name or a path, and what of it YAML takes for something else.
var (
	plainText = regexp.MustCompile(`^[A-Za-z/]([A-Za-z0-9 ._/=+,;()-]*[A-Za-z0-9._/=+,;()-])?$`)
	notText   = regexp.MustCompile(`^(?i:null|true|false|yes|no|on|off|y|n)$`)
)

// quotedText is a text that the YAML encoder puts in quotes.
type quotedText string

// MarshalYAML writes a string of Go, which YAML reads as the same text.
func (t quotedText) MarshalYAML() ([]byte, error) { return []byte(strconv.Quote(string(t))), nil }

// Difference is one value that two files do not share.
type Difference struct {
	Key        string // "load.steady.rate", as in a Setting
	One, Other string // the values as they would be written; "none" for none
}

// Differences lists what two mappings differ in, in the order of their keys.
func Differences(one, other yaml.MapSlice) []Difference { return differences("", one, other) }

// differences compares what stands at a key.
func differences(key string, one, other any) []Difference {
	a, isA := keyed(one)
	b, isB := keyed(other)
	if !isA || !isB {
		if x, y := shown(one), shown(other); x != y {
			return []Difference{{Key: key, One: x, Other: y}}
		}
		return nil
	}
	var all []Difference
	for _, item := range a {
		name := fmt.Sprint(item.Key)
		all = append(all, differences(Member(key, name), item.Value, valueOf(b, name))...)
	}
	for _, item := range b {
		if name := fmt.Sprint(item.Key); valueOf(a, name) == nil {
			all = append(all, differences(Member(key, name), nil, item.Value)...)
		}
	}
	return all
}

// keyed returns the items of a mapping, or those of a list of mappings under their names;
// false of anything else.
func keyed(v any) (yaml.MapSlice, bool) {
	if items, ok := v.(yaml.MapSlice); ok {
		return items, true
	}
	list, ok := v.([]any)
	var named yaml.MapSlice
	for _, thing := range list {
		items, isMapping := thing.(yaml.MapSlice)
		name := valueOf(items, "name")
		if !isMapping || name == nil {
			return nil, false
		}
		named = append(named, yaml.MapItem{Key: name, Value: items})
	}
	return named, ok
}

// valueOf is the value of a key, nil where there is none.
func valueOf(items yaml.MapSlice, key string) any {
	i := slices.IndexFunc(items, func(item yaml.MapItem) bool { return fmt.Sprint(item.Key) == key })
	if i < 0 {
		return nil
	}
	return items[i].Value
}

// shown is a value in a message.
func shown(v any) string {
	if v == nil {
		return none
	}
	return fmt.Sprint(v)
}
