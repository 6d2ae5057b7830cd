package scenarios

import "strings"

// Source is where the values of a scenario were written: in its file or in a setting.
type Source struct {
	report report
	at     map[string]origin
}

// Fault is a fault of a field's value that was found after the scenario was read, with
// where that stands. A field that is not in the file is looked for in what holds it.
func (s *Source) Fault(field, problem, want string) Fault {
	if s == nil {
		return Fault{Field: field, Problem: problem, Want: want}
	}
	outer := field
	for outer != "" {
		if _, ok := s.at[outer]; ok {
			break
		}
		outer = outer[:max(0, strings.LastIndexAny(outer, ".["))]
	}
	r := report{file: s.report.file, settings: s.report.settings, redact: s.report.redact}
	r.add(s.at[outer], field, problem, want)
	return r.faults()[0]
}

// Equal reports that two scenarios do not differ in where they were written.
func (s *Source) Equal(*Source) bool { return true }
