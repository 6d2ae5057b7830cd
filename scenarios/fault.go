package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing wrong with a scenario.
type Fault struct {
	File         string
	Line, Column int // from 1, in characters; 0 when it was found elsewhere than in the text
	// Setting is the setting at fault, as the user gave it: "--set rounds=0".
	Setting string
	Field   string // "load[1].rate"; "" for the file as a whole
	Problem string // "-5 is not above 0"
	Want    string // what would be right: "a rate per second, such as 200"; "" when that is obvious
}

// Error formats the fault on one line:
//
//	scenario.yaml:12:9: load[1].rate: -5 is not above 0; want a rate per second, such as 200
func (f Fault) Error() string {
	var b strings.Builder
	switch {
	case f.Setting != "":
		b.WriteString(f.Setting + ": ")
	case f.Line > 0:
		fmt.Fprintf(&b, "%s:%d:%d: ", f.File, f.Line, f.Column)
	}
	if f.Field != "" {
		b.WriteString(f.Field + ": ")
	}
	b.WriteString(f.Problem)
	if f.Want != "" {
		b.WriteString("; want " + f.Want)
	}
	return b.String()
}

// Faults is everything wrong with a scenario, in the order of the file, then in
// that of the settings.
type Faults []Fault

// Error formats one fault per line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

// origin is where a value was written. The zero value stands for the file as a
// whole.
type origin struct {
	line, column int
	setting      int // from 1, an index into the settings; 0: in the file
}

// report collects faults where they are found and keeps their order.
type report struct {
	file     string
	settings []Setting
	found    []located
	redact   func(string) string // what secret values in a text are replaced by
}

type located struct {
	origin
	Fault
	aside bool // of a setting that changed nothing, so that no value is at fault
}

func (r *report) add(at origin, field, problem, want string) {
	f := Fault{File: r.file, Field: field, Problem: problem, Want: want}
	if at.setting > 0 {
		f.Setting = r.settings[at.setting-1].String()
	} else {
		f.Line, f.Column = max(at.line, 1), max(at.column, 1)
	}
	r.found = append(r.found, located{origin: at, Fault: f})
}

// setAside marks the faults found since there were so many: they keep no check of
// a value from being made.
func (r *report) setAside(since int) {
	for i := range r.found[since:] {
		r.found[since+i].aside = true
	}
}

// faults returns what was found, nil when nothing was.
func (r *report) faults() Faults {
	slices.SortStableFunc(r.found, func(a, b located) int {
		return cmp.Or(cmp.Compare(a.setting, b.setting), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var all Faults
	for _, f := range r.found {
		f.Setting, f.Problem, f.Want = r.redact(f.Setting), r.redact(f.Problem), r.redact(f.Want)
		all = append(all, f.Fault)
	}
	return all
}

// sound reports whether no fault was found with the fields or anything in or
// around them, so that a check across them says something new.
func (r *report) sound(fields ...string) bool {
	return !slices.ContainsFunc(r.found, func(f located) bool {
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
