package decode

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Setting changes one value of a scenario before it is read, so that it is
// checked as if it stood in the file.
type Setting struct {
	// Key leads to the value: names with dots between them, and the items of a
	// list by their index ("load[1].rate") or their name ("load.steady.rate",
	// "workload.env.THREADS").
	Key string
	// Value is what would stand in the file; a list or a mapping is written in
	// brackets: "[physical, container]".
	Value string
	// Flag is how the user gave it, for faults: "--rounds 2". "" means --set.
	Flag string
}

// String returns what the user gave.
func (s Setting) String() string {
	if s.Flag != "" {
		return s.Flag
	}
	return "--set " + s.Key + "=" + s.Value
}

// ParseSetting reads key=value. It fails where there is no = or no key; whether
// a scenario has the key and takes the value is for Parse to say.
func ParseSetting(s string) (Setting, error) {
	key, value, ok := strings.Cut(s, "=")
	key = strings.TrimSpace(key)
	if !ok || key == "" {
		if end := strings.IndexAny(s, ": "); end >= 0 { // what follows may be a secret
			s = s[:end] + "…"
		}
		return Setting{}, fmt.Errorf("setting %q: want key=value, such as load.steady.rate=500", s)
	}
	return Setting{Key: key, Value: strings.TrimSpace(value)}, nil
}

// Apply makes the change of a setting, given by its index. The items of the lists named are
// texts NAME=VALUE, which the setting LIST.NAME changes or adds. The faults of a setting that
// changes nothing are set aside from those of the values: they keep no check from being made.
func (s *Source) Apply(i int, assignments ...string) {
	since := len(s.found)
	defer func() {
		for j := range s.found[since:] {
			s.found[since+j].aside = true
		}
	}()
	r := &reader{source: s, setting: i + 1}
	for _, list := range assignments {
		if name, ok := strings.CutPrefix(s.settings[i].Key, list+"."); ok && name != "" {
			r.assign(list, name, s.settings[i].Value)
			return
		}
	}
	steps, ok := parsePath(s.settings[i].Key)
	if !ok {
		r.fault(origin{}, "", fmt.Sprintf("%q leads nowhere", s.settings[i].Key), "keys with dots between them, such as load.steady.rate or load[1].rate")
		return
	}
	value := r.settingValue(s.settings[i].Value)
	if value == nil {
		return
	}
	if place := r.to(s.Root, steps); place != nil {
		value.Index = place.Index
		*place = *value
	}
}

// assign changes the item of a list that has the form NAME=VALUE, or adds it. A value
// without quotes is taken as it is.
func (r *reader) assign(list, name, text string) {
	value := &Node{Text: text}
	if text != "" && strings.ContainsRune("\"'", rune(text[0])) || !utf8.ValidString(text) {
		if value = r.settingValue(text); value == nil {
			return
		}
	}
	steps, _ := parsePath(list)
	n := r.to(r.source.Root, steps)
	if n == nil {
		return
	}
	if n.shape == scalarShape && n.style == null {
		*n = Node{at: origin{setting: r.setting}, shape: listShape}
	}
	if n.shape != listShape {
		return // it is a fault wherever it came from
	}
	i := slices.IndexFunc(n.items, func(item *Node) bool { return strings.HasPrefix(item.Text, name+"=") })
	if i < 0 {
		i, n.items = len(n.items), append(n.items, nil)
	}
	n.items[i] = r.new(nil, scalarShape)
	n.items[i].style, n.items[i].Text, n.items[i].Index = verbatim, name+"="+value.Text, i
}

// step is one part of a setting's key.
type step struct {
	name  string // "" for an index
	index int
}

// stepForm is a part of a setting's key between dots: a name, and indexes.
var stepForm = regexp.MustCompile(`^([^\[]+)((?:\[[0-9]{1,9}\])*)$`)

// parsePath splits a setting's key into steps.
func parsePath(key string) ([]step, bool) {
	var steps []step
	for part := range strings.SplitSeq(key, ".") {
		form := stepForm.FindStringSubmatch(part)
		if form == nil {
			return nil, false
		}
		steps = append(steps, step{name: form[1]})
		for _, index := range strings.FieldsFunc(form[2], func(c rune) bool { return c == '[' || c == ']' }) {
			i, _ := strconv.Atoi(index)
			steps = append(steps, step{index: i})
		}
	}
	return steps, true
}

// settingValue reads a setting's value, nil when it is a fault. A value without brackets or
// quotes is taken as it is, whatever it means in YAML.
func (r *reader) settingValue(text string) *Node {
	switch {
	case text != "" && strings.ContainsRune("[{\"'", rune(text[0])):
		return r.read([]byte(text))
	case !utf8.ValidString(text):
		r.fault(origin{}, "", "not text in UTF-8", "")
		return nil
	}
	value := r.new(nil, scalarShape)
	value.style, value.Text = verbatim, text
	return value
}

// to returns the node that the steps lead to, made where a mapping lacks it; nil after a
// fault.
func (r *reader) to(n *Node, steps []step) *Node {
	path := ""
	for ; len(steps) > 0; steps = steps[1:] {
		if path != "" && path == r.source.Dotted {
			steps = undotted(steps)
		}
		if n, path = r.enter(n, path, steps); n == nil {
			return nil
		}
	}
	return n
}

// undotted puts together the names that the steps begin with: they are one key with dots.
func undotted(steps []step) []step {
	first, rest := steps[0], steps[1:]
	for len(rest) > 0 && rest[0].name != "" {
		first.name, rest = first.name+"."+rest[0].name, rest[1:]
	}
	return append([]step{first}, rest...)
}

// enter takes the first of the steps.
func (r *reader) enter(n *Node, path string, steps []step) (next *Node, field string) {
	s := steps[0]
	if n.shape == scalarShape && n.style == null && s.name != "" {
		*n = Node{at: origin{setting: r.setting}, shape: mappingShape}
	}
	switch {
	case n.shape == brokenShape:
	case n.shape == listShape:
		return r.enterList(n, path, steps)
	case n.shape == mappingShape && s.name != "":
		if n.Get(s.name) == nil {
			at := origin{setting: r.setting}
			n.pairs = append(n.pairs, pair{at: at, key: s.name, value: &Node{at: at, style: null}})
		}
		return n.Get(s.name), Member(path, s.name)
	case s.name == "":
		r.fault(origin{}, path, "is not a list, so it has no item "+strconv.Itoa(s.index), "its key alone")
	default:
		r.fault(origin{}, path, fmt.Sprintf("is a single value, so it has no key %q", s.name), "its key alone")
	}
	return nil, ""
}

func (r *reader) enterList(n *Node, path string, steps []step) (next *Node, field string) {
	s := steps[0]
	if s.name == "" {
		if s.index < len(n.items) {
			return n.items[s.index], Element(path, s.index)
		}
		r.fault(origin{}, path, fmt.Sprintf("has no item %d", s.index), fmt.Sprintf("an index below %d", len(n.items)))
		return nil, ""
	}
	var names []string
	isKey := false // of the items, one of which is left out
	for i, item := range n.items {
		name := item.Get("name")
		isKey = isKey || item.Get(s.name) != nil
		switch {
		case name == nil:
		case name.Text == s.name:
			return item, Element(path, i)
		case name.Text != "":
			names = append(names, name.Text)
		}
	}
	want := "an index, such as " + Element(path, 0)
	if names = slices.Compact(names); len(names) > 0 {
		want = OneOf(names)
	}
	problem := fmt.Sprintf("has no item %q%s", s.name, Suggest(s.name, names))
	if isKey && len(steps) == 1 {
		problem = fmt.Sprintf("is a list; %s is a key of its items", s.name)
		for i, name := range names {
			names[i] = Member(Member(path, name), s.name)
		}
		want = OneOf(append(names, Member(Element(path, 0), s.name)))
	}
	r.fault(origin{}, path, problem, want)
	return nil, ""
}

// SplitSettings splits a text where another setting begins: at a comma or the end of a
// line outside brackets, before a key with its =.
func SplitSettings(text string) []string {
	next := regexp.MustCompile(`[,\n]\s*[A-Za-z_][A-Za-z0-9_.\[\]-]*=`)
	var parts []string
	from := 0
	for _, at := range next.FindAllStringIndex(text, -1) {
		if before := text[from:at[0]]; strings.Count(before, "[") == strings.Count(before, "]") && strings.Count(before, "{") == strings.Count(before, "}") {
			parts = append(parts, before)
			from = at[0] + 1
		}
	}
	return append(parts, text[from:])
}
