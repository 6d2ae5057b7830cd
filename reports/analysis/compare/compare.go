// Package compare holds one run against an earlier one: what differs between the
// two besides the server, whether they may be compared at all, and the ratios of
// their figures. It judges nothing. Two runs are played one after the other, and
// what the machine did in between is in the ratios as well; an A/B test, which plays
// both servers in every round, is what judges. It stands beside the formats:
// reports/analysis makes the analyses that it reads, reports/text and
// reports/json write what it finds.
package compare

import (
	"iter"
	"slices"

	"servebench/reports/analysis"
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
	return c.common() && len(c.Blocking()) == 0
}

// common says that the runs have a target in common that was measured in both.
func (c *Comparison) common() bool {
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

// Nothing says why there is nothing to compare, which no kind of difference that is
// allowed removes; "" when there is something.
func (c *Comparison) Nothing() string {
	switch {
	case c.Base.Nothing() != "":
		return "nothing was measured in the base: " + c.Base.Nothing()
	case c.New.Nothing() != "":
		return "nothing was measured in the new run: " + c.New.Nothing()
	case !c.common():
		return "the two have no target and phase in common"
	}
	return ""
}

// Tables yields the Figures in parts that belong into one table: those of a phase,
// and the cold starts last.
func (c *Comparison) Tables() iter.Seq[[]Figure] {
	return func(yield func([]Figure) bool) {
		var phases []string
		for _, f := range c.Figures {
			if !slices.Contains(phases, f.Phase) && f.Phase != "" {
				phases = append(phases, f.Phase)
			}
		}
		for _, phase := range append(phases, "") {
			part := slices.DeleteFunc(slices.Clone(c.Figures), func(f Figure) bool { return f.Phase != phase })
			if len(part) > 0 && !yield(part) {
				return
			}
		}
	}
}
