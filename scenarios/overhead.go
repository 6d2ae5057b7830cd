package scenarios

import "slices"

// Overhead names the two phases by which a request's time is split into what the
// target costs and what the model does. They are paired: in each round both have
// the same due times and send the same examples in the same order.
type Overhead struct {
	Noop  string // the phase whose model answers without computing
	Model string // the phase with the real one
}

// PhaseNamed returns the index of a phase, -1 when there is none of that name.
func (s *Scenario) PhaseNamed(name string) int {
	return slices.IndexFunc(s.Load, func(p Phase) bool { return p.Name == name })
}
