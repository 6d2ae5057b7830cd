package scenarios

import "slices"

// Tax names the two phases by which a request's time is split into what the
// place costs and what the model does. They are paired: in each round both have
// the same due times and send the same examples in the same order.
type Tax struct {
	Noop  string // the phase whose model answers without computing
	Model string // the phase with the real one
}

// phaseNamed returns the index of a phase, -1 when there is none of that name.
func (s *Scenario) phaseNamed(name string) int {
	return slices.IndexFunc(s.Load, func(p Phase) bool { return p.Name == name })
}

// drawnAs returns the phase by whose number the due times and the order of
// requests of the i-th phase are drawn: its own, or that of the phase it is
// paired with.
func (s *Scenario) drawnAs(i int) int {
	if s.Tax != nil && s.Load[i].Name == s.Tax.Noop {
		return s.phaseNamed(s.Tax.Model)
	}
	return i
}

// order returns the phases in the order they are played in a round, given by the
// number of its schedule. The paired ones change places in every second round:
// what the one that comes later owes to the one before it, a warmer server say,
// shall not count for the model.
func (s *Scenario) order(schedule int) []int {
	order := make([]int, len(s.Load))
	for i := range order {
		order[i] = i
	}
	if s.Tax != nil && schedule%2 == 0 {
		noop, model := s.phaseNamed(s.Tax.Noop), s.phaseNamed(s.Tax.Model)
		order[noop], order[model] = model, noop
	}
	return order
}
