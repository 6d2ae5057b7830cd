package trial

import (
	"slices"

	"servebench/scenarios"
	"servebench/scenarios/corpus"
	"servebench/targets"
)

// arm is what has a trial in every round: a target of the scenario, or one of the two
// servers of an A/B test.
type arm struct {
	name     string              // in the record
	scenario *scenarios.Scenario // that it comes from
	kind     targets.Kind
	place    targets.Target
	program  string // in place of the first argument of the command line; "": none is
	workload targets.Workload
	facts    []targets.Fact // of the program that is run
	requests *requests
}

// requests are what is sent to an arm.
type requests struct {
	first  *corpus.Corpus   // the first answer is to one of them
	phases []*corpus.Corpus // those of each phase of load
}

// arm returns the one of a name; the plan has no others.
func (s *session) arm(name string) *arm {
	i := slices.IndexFunc(s.arms, func(a *arm) bool { return a.name == name })
	return s.arms[i]
}

// armNames are the names of what can be tried, in the record's order.
func (s *session) armNames() []string {
	var names []string
	for _, a := range s.arms {
		names = append(names, a.name)
	}
	return names
}
