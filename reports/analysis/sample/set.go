// Package sample turns the cells of a record into figures: rows of target and phase, of
// one round or pooled over all, cold starts, and what is missing of the plan. It judges
// nothing.
package sample

import (
	"fmt"
	"slices"

	"servebench/reports/record"
)

// Set is what was measured in a run.
type Set struct {
	Run      *record.Run
	Rows     []Row   // target × measured phase, pooled over rounds; targets in the scenario's order
	Cells    []Row   // target × measured phase × round; by round, and in one as they were run
	Measured []*Cell // the Cells with their logs, in the same order
}

// New computes the rows of cells.
func New(run *record.Run, cells []*Cell) *Set {
	return &Set{Run: run, Rows: rows(run, cells), Cells: CellRows(run, cells), Measured: cells}
}

// OnlyStarts says that the scenario measures no load, but how servers start.
func (s *Set) OnlyStarts() bool {
	sc := s.Run.Scenario
	return sc.ColdStarts > 0 && !slices.ContainsFunc(sc.Phases, func(p record.Phase) bool { return p.Measured })
}

// Empty says that there is no result, be it good or bad, in a run that was not Refused: no
// request of a measured phase was sent, or, in a run of starts alone, no start came to its
// first answer.
func (s *Set) Empty() bool {
	switch {
	case s.Refused():
		return false
	case s.OnlyStarts():
		return !slices.ContainsFunc(s.ColdStarts(), func(c ColdStart) bool { return c.N > 0 })
	}
	return !slices.ContainsFunc(s.Rows, func(r Row) bool { return r.Ledger.Sent > 0 })
}

// Refused says that nothing was sent because this machine cannot give the load
// what it needs: the run is INVALID, and what it needs is in its errors.
func (s *Set) Refused() bool { return len(s.Run.Preflight) > 0 }

// ModelOf is the model that a phase asks for, to be named beside the phase; ""
// where all phases of the run ask for the same one, or it is not known.
func (s *Set) ModelOf(phase record.Phase) string {
	phases := s.Run.Scenario.Phases
	if !slices.ContainsFunc(phases, func(p record.Phase) bool { return p.Model != phases[0].Model }) {
		return ""
	}
	return phase.Model
}

// ByStatus says that the answers of a row were judged by their status alone: the
// phase asks for no model, so that there is no prediction to compare them with.
func (s *Set) ByStatus(r Row) bool {
	return r.Agreement.N == 0 && !s.AsksModel(r)
}

// AsksModel says that the requests of a row's phase name a model.
func (s *Set) AsksModel(r Row) bool {
	p := s.Run.Phase(r.Phase)
	return p.Model != "" || slices.ContainsFunc(p.Mix, func(c record.Class) bool { return c.Model != "" })
}

// JudgedByStatus says so of every row, of which there is at least one.
func (s *Set) JudgedByStatus() bool {
	return len(s.Rows) > 0 && !slices.ContainsFunc(s.Rows, func(r Row) bool { return !s.ByStatus(r) })
}

// Label is a target's name with what must not be overlooked about it: "vm (TCG)".
func (s *Set) Label(target string) string {
	if word := Acceleration(s.Run.Target(target)); word != "" {
		return fmt.Sprintf("%s (%s)", target, word)
	}
	return target
}

// Acceleration is how a target executed its guest's instructions: record.KVM,
// record.TCG, or "" where there is no such thing.
func Acceleration(t record.Target) string {
	for _, f := range t.Facts {
		if f.Name == record.FactAcceleration && f.State != "" && f.Since == 0 {
			return f.State
		}
	}
	return ""
}

// Several says that more than one phase is measured, so that each has to be named.
func (s *Set) Several() bool {
	measured := 0
	for _, p := range s.Run.Scenario.Phases {
		if p.Measured {
			measured++
		}
	}
	return measured > 1
}

// GivenUp are all requests of a run that the user ended while some had no answer yet, which
// are its Censored; none of any other.
func (s *Set) GivenUp() record.Ledger {
	var all record.Ledger
	for _, r := range s.Rows {
		all = all.Plus(r.Ledger)
	}
	if s.Run.Interrupted == "" || all.Censored == 0 {
		return record.Ledger{}
	}
	return all
}

// Grouped puts together what has the same key: groups by their first one, each in order.
func Grouped[K comparable, V any](all []V, key func(V) K) [][]V {
	var groups [][]V
	at := make(map[K]int)
	for _, v := range all {
		i, known := at[key(v)]
		if !known {
			i = len(groups)
			at[key(v)] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], v)
	}
	return groups
}
