package trial

import "servebench/scenarios"

// drawnAs returns the phase by whose number the due times and the order of
// requests of the i-th phase are drawn: its own, or that of the phase it is
// paired with.
func drawnAs(s *scenarios.Scenario, i int) int {
	if s.Overhead != nil && s.Load[i].Name == s.Overhead.Noop {
		return s.PhaseNamed(s.Overhead.Model)
	}
	return i
}

// order returns the phases in the order they are played in a round, given by the
// number of its schedule. The paired ones change places in every second round:
// what the one that comes later owes to the one before it, a warmer server say,
// shall not count for the model.
func order(s *scenarios.Scenario, schedule int) []int {
	order := make([]int, len(s.Load))
	for i := range order {
		order[i] = i
	}
	if s.Overhead != nil && schedule%2 == 0 {
		noop, model := s.PhaseNamed(s.Overhead.Noop), s.PhaseNamed(s.Overhead.Model)
		order[noop], order[model] = model, noop
	}
	return order
}
