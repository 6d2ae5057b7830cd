package scenarios

import (
	"fmt"
	"slices"

	"servebench/targets/reference/clock"
)

func (d *decoder) validateClock(s *Scenario) {
	c := s.Workload.Clock
	if c == nil {
		return
	}
	const field = "workload.clock"
	if asked := s.Workload.Server == ReferenceServer && slices.Contains(s.Models(), clock.Name); !asked && d.sound("workload.server", "workload.model", "load") {
		d.fault(field, "nothing asks the reference server's model clock", "server: reference with model: clock, or none")
	}
	every := field + ".every"
	switch {
	case !d.sound(field+".stall", every):
	case c.Stall > 0 && c.Every <= c.Stall:
		d.fault(every, fmt.Sprintf("stalls of %s have no end in between", formatDuration(c.Stall)), "a time above the stall")
	case c.Stall == 0 && c.Every > 0:
		d.fault(every, "there is no stall", "workload.clock.stall beside it, or none")
	}
}
