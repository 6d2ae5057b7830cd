package trial

import (
	"slices"

	"servebench/scenarios"
	"servebench/scenarios/corpus"
	"servebench/targets"
)

// variant is what has a trial in every round: a target of the scenario, or one of the two
// servers of an A/B test.
type variant struct {
	name     string              // in the record
	scenario *scenarios.Scenario // that it comes from
	kind     targets.Kind
	target   targets.Target
	program  string // in place of the first argument of the command line; "": none is
	workload targets.Workload
	facts    []targets.Fact // of the program that is run
	requests *requests
}

// requests are what is sent to a variant.
type requests struct {
	first  *corpus.Corpus   // the first answer is to one of them
	phases []*corpus.Corpus // those of each phase of load
}

// variant returns the one of a name; the plan has no others.
func (s *session) variant(name string) *variant {
	i := slices.IndexFunc(s.variants, func(a *variant) bool { return a.name == name })
	return s.variants[i]
}

// variantNames are the names of what can be tried, in the record's order.
func (s *session) variantNames() []string {
	var names []string
	for _, a := range s.variants {
		names = append(names, a.name)
	}
	return names
}
