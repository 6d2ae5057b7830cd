// Package decode reads YAML into tagged structs, strictly: every fault is found in one
// go, with its line and column, what is wrong and what would be right. It knows nothing
// of the keys: package scenarios holds them, as fields of its types.
//
// One key is one field. Its tags say what the key is called, what it takes and what it
// is when it is missing, and the field's comment what it means; reading, writing, the
// JSON schema and the reference for users all follow from these.
//
//	// How often every target is measured.
//	Rounds int `key:"rounds" default:"3" min:"1" max:"1000"`
//
// See Format for the tags.
package decode

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
)

// Source is a text in YAML, changed by settings: what stands in it, where, and what is
// wrong with it.
type Source struct {
	Root *Node // nil: a fault leaves nothing to go on with
	// Texts are the values that were read as texts to be handed on as they are.
	Texts []*Node
	// Written holds by field what the text says where variables were filled in.
	Written map[string]string
	// Dotted is the mapping whose keys have dots in them, as those of settings have: in it, a
	// setting's key leads no further. "": there is none.
	Dotted string
	// Redact takes secrets out of what faults say; nil: there are none.
	Redact func(string) string

	file         string
	settings     []Setting
	dir, working string // that paths in the file and in settings begin at, absolute
	found        []found
	at           map[string]origin
	given        map[string]bool
	hint         func(path, key string) string // as in Options
}

// origin is where a value was written. The zero value stands for the file as a whole.
type origin struct {
	line, column int
	setting      int // from 1, an index into the settings; 0: in the file
}

type found struct {
	origin
	Fault
	aside bool // of a setting that changed nothing, so that no value is at fault
}

// Open reads the text of a file, which faults call by that name. Apply changes it by the
// settings. Only where the text is not YAML the first fault hides the others.
func Open(file string, text []byte, settings ...Setting) *Source {
	s := &Source{file: file, settings: settings, Written: map[string]string{}, at: map[string]origin{}, given: map[string]bool{}}
	s.working, _ = filepath.Abs(".") // which fails where the folder is gone
	if s.dir = filepath.Dir(file); !filepath.IsAbs(s.dir) {
		s.dir = filepath.Join(s.working, s.dir)
	}
	s.Root = (&reader{source: s}).read(text)
	return s
}

// Dir is the folder that relative paths in the file begin at, absolute.
func (s *Source) Dir() string { return s.dir }

// Given reports whether a field stands in the file or in a setting.
func (s *Source) Given(field string) bool { return s.given[field] }

// Sound reports whether no fault was found with the fields or anything in or around
// them, so that a check across them says something new.
func (s *Source) Sound(fields ...string) bool {
	return !slices.ContainsFunc(s.found, func(f found) bool {
		return !f.aside && slices.ContainsFunc(fields, func(field string) bool {
			return f.Field == "" || within(f.Field, field) || within(field, f.Field)
		})
	})
}

// within reports whether a field is the outer one or a part of it.
func within(field, outer string) bool {
	rest, ok := strings.CutPrefix(field, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// Refuse reports a field's value.
func (s *Source) Refuse(field, problem, want string) {
	s.add(s.place(field), field, problem, want)
}

// RefuseNode reports a value of the source, at a path, and takes it out.
func (s *Source) RefuseNode(n *Node, path, problem, want string) {
	s.add(n.at, path, problem, want)
	n.shape = brokenShape
}

// RefuseSetting reports a setting, by its index, that changes nothing.
func (s *Source) RefuseSetting(i int, problem, want string) {
	s.add(origin{setting: i + 1}, "", problem, want)
}

// Fault is a fault of a field's value that was found after the source was read. It stands
// at the field, or where nothing is written of it, at another that asks for it. A nil source
// knows no places.
func (s *Source) Fault(field, problem, want string, askedBy ...string) Fault {
	if s == nil {
		return Fault{Field: field, Problem: problem, Want: want}
	}
	at := s.place(field)
	for _, other := range askedBy {
		if outer, _, _ := strings.Cut(field, "."); !s.Given(outer) {
			at = s.place(other)
		}
	}
	return s.redacted(s.fault(at, field, problem, want))
}

// place is where a field stands, or what holds it.
func (s *Source) place(field string) origin {
	for ; field != ""; field = field[:max(0, strings.LastIndexAny(field, ".["))] {
		if at, ok := s.at[field]; ok {
			return at
		}
	}
	return origin{}
}

// Copy returns the source as it is before it is decoded, for other values to be put in, and
// without what was found wrong with it.
func (s *Source) Copy() *Source {
	return &Source{
		Root: s.Root.clone(), Written: map[string]string{}, Redact: s.Redact,
		file: s.file, settings: s.settings, dir: s.dir, working: s.working, at: map[string]origin{}, given: map[string]bool{},
	}
}

// Join takes over what was found wrong with a copy of the source, but for what was found
// before.
func (s *Source) Join(other *Source) {
	for _, f := range other.found {
		if !slices.Contains(s.found, f) {
			s.found = append(s.found, f)
		}
	}
}

// Faults returns what was found, nil when nothing was.
func (s *Source) Faults() Faults {
	slices.SortStableFunc(s.found, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.setting, b.setting), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var all Faults
	for _, f := range s.found {
		all = append(all, s.redacted(f.Fault))
	}
	return all
}

func (s *Source) redacted(f Fault) Fault {
	if s.Redact != nil {
		f.Setting, f.Problem, f.Want = s.Redact(f.Setting), s.Redact(f.Problem), s.Redact(f.Want)
	}
	return f
}

func (s *Source) add(at origin, field, problem, want string) {
	s.found = append(s.found, found{origin: at, Fault: s.fault(at, field, problem, want)})
}

func (s *Source) fault(at origin, field, problem, want string) Fault {
	f := Fault{File: s.file, Field: field, Problem: problem, Want: want}
	if at.setting > 0 {
		f.Setting = s.settings[at.setting-1].String()
	} else {
		f.Line, f.Column = max(at.line, 1), max(at.column, 1)
	}
	return f
}
