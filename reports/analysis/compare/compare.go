// Package compare holds one run against an earlier one: what differs between the
// two besides the server, whether they may be compared at all, and the ratios of
// their figures. It judges nothing. Two runs are played one after the other, and
// what the machine did in between is in the ratios as well; an A/B test, which plays
// both servers in every round, is what judges. It stands beside the formats:
// reports/analysis makes the analyses that it reads, reports/text and
// reports/json write what it finds.
package compare

import (
	"slices"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
)

// Comparison is one run held against a base.
type Comparison struct {
	Base, New *analysis.Analysis
	// Differences are what differs besides the server: those that make the runs not
	// comparable first, each in the order of Kinds, then the remarks.
	Differences []Difference
	// Missing are the targets and measured phases that only one of them has.
	Missing []Missing
	// Figures are those of both; none where the runs are not Comparable.
	Figures []Figure
}

// Runs holds a run against a base. Differences of the kinds that are allowed, by
// their names, do not make the two not comparable; they are told nevertheless.
func Runs(base, fresh *analysis.Analysis, allowed []string) *Comparison {
	c := &Comparison{Base: base, New: fresh, Differences: differences(base, fresh, allowed), Missing: missing(base, fresh)}
	if c.Comparable() {
		c.Figures = figures(base, fresh)
	}
	return c
}

// Comparable says that there is something to compare, and that nothing which was
// not allowed forbids it.
func (c *Comparison) Comparable() bool {
	return c.Common() && len(c.Blocking()) == 0
}

// Common says that the runs have a target in common that was measured in both.
func (c *Comparison) Common() bool {
	return slices.ContainsFunc(targetPhases(c.Base), func(p targetPhase) bool { return slices.Contains(targetPhases(c.New), p) })
}

// Blocking are the names of the kinds of difference that make the runs not
// comparable and were not allowed, in the order of Kinds.
func (c *Comparison) Blocking() []string {
	var names []string
	for _, d := range c.Differences {
		if d.Fatal && !d.Allowed && !slices.Contains(names, d.Kind) {
			names = append(names, d.Kind)
		}
	}
	return names
}

// Tables are the Figures in parts that belong into one table: those of a phase, and the
// cold starts last.
func (c *Comparison) Tables() [][]Figure {
	ofPhase := func(f Figure) bool { return f.Phase != "" }
	starts := slices.DeleteFunc(slices.Clone(c.Figures), ofPhase)
	loads := slices.DeleteFunc(slices.Clone(c.Figures), func(f Figure) bool { return !ofPhase(f) })
	return sample.Grouped(append(loads, starts...), func(f Figure) string { return f.Phase })
}

// Missing is a target, or a part of what was measured of it, that only one of two
// runs has.
type Missing struct {
	Target string `json:"target"`
	Phase  string `json:"phase"`       // "" with Starts false: the whole target
	Starts bool   `json:"cold_starts"` // its cold starts
	InBase bool   `json:"in_base"`     // the base has it, the new run does not; false: the other way round
	Why    string `json:"why"`         // as the run that lacks it says; "" where it does not
}

// missing are those of the new run, then those of the base.
func missing(base, fresh *analysis.Analysis) []Missing {
	all := lacking(base, fresh)
	for i := range all {
		all[i].InBase = true
	}
	return append(all, lacking(fresh, base)...)
}

// lacking is what a run has and another lacks.
func lacking(a, other *analysis.Analysis) []Missing {
	var all []Missing
	have := targetPhases(other)
	for _, p := range targetPhases(a) {
		m := Missing{Target: p.target, Phase: p.phase, Starts: p.phase == "", Why: other.Run.Target(p.target).Unavailable}
		if !slices.ContainsFunc(have, func(h targetPhase) bool { return h.target == p.target }) {
			m.Phase, m.Starts = "", false
		}
		if !slices.Contains(have, p) && !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}
