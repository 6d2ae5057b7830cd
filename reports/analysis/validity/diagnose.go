// Package validity examines whether a run can be believed. Each rule of its table looks for
// one fault, of the instrument, of the record or of the machine, and makes a diagnostic of
// it; an error makes the run INVALID.
package validity

import (
	"cmp"
	"slices"

	"servebench/reports/analysis/ab"
	"servebench/reports/analysis/failover"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/scaling"
	"servebench/reports/record"
)

// Subject is what is examined: what was measured in a run, and what the A/B test found,
// where it is one.
type Subject struct {
	*sample.Set
	AB       *ab.Result
	Scaling  []scaling.Trial
	Failover *failover.Result // nil when the scenario injects no faults
}

// Diagnose applies every rule, errors first, otherwise in the rules' order. Of a run that
// was Refused nothing can be concluded, and the reason is all there is to say.
func Diagnose(s *Subject) []record.Diagnostic {
	var all []record.Diagnostic
	for _, r := range Rules() {
		if !s.Refused() || r.run == nil {
			all = append(all, r.apply(s)...)
		}
	}
	for _, d := range s.Run.Preflight {
		d.Severity = record.SeverityError
		all = append(all, d)
	}
	slices.SortStableFunc(all, func(x, y record.Diagnostic) int {
		return cmp.Compare(isError(y), isError(x))
	})
	return all
}

func isError(d record.Diagnostic) int {
	if d.Severity == record.SeverityError {
		return 1
	}
	return 0
}

// apply looks for all that breaks a rule.
func (r Rule) apply(s *Subject) []record.Diagnostic {
	var found []finding
	switch {
	case r.cell != nil:
		return r.collapse(s.Run, r.inCells(s, s.Measured))
	case r.row != nil:
		for _, row := range s.Rows {
			if f, broken := r.row(s, row); broken {
				f.Target, f.Phase = row.Target, row.Phase
				found = append(found, f)
			}
		}
	case r.run != nil:
		found = r.run(s)
	}
	var all []record.Diagnostic
	for _, f := range found {
		all = append(all, r.diagnose(f))
	}
	return all
}

func (r Rule) inCells(s *Subject, cells []*sample.Cell) []finding {
	var found []finding
	for i, c := range cells {
		if f, broken := r.cell(s, c, s.Cells[i]); broken {
			f.Target, f.Phase, f.Round = c.Target, c.Phase, c.Round
			found = append(found, f)
		}
	}
	return found
}

// collapse makes one diagnostic of those that differ only in the trial. They are in the order of
// the scenario's targets, in which trials are not.
func (r Rule) collapse(run *record.Run, found []finding) []record.Diagnostic {
	type seat struct{ target, phase string }
	place := func(f finding) int {
		return slices.IndexFunc(run.Targets, func(t record.Target) bool { return t.Name == f.Target })
	}
	slices.SortStableFunc(found, func(a, b finding) int { return cmp.Compare(place(a), place(b)) })
	var all []record.Diagnostic
	for _, group := range sample.Grouped(found, func(f finding) seat { return seat{f.Target, f.Phase} }) {
		all = append(all, r.worst(group))
	}
	return all
}

// worst is the diagnostic of the worst of a group, which tells in which other rounds it was
// so.
func (r Rule) worst(group []finding) record.Diagnostic {
	var rounds []int
	for _, f := range group {
		rounds = append(rounds, f.Round)
	}
	return r.diagnose(slices.MaxFunc(group, func(a, b finding) int { return cmp.Compare(a.badness, b.badness) }).also(rounds))
}
