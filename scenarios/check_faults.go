package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/record"
	"servebench/scenarios/decode"
	"servebench/targets"
)

// faults holds the faults to be injected to their phases, and to what the targets can do.
func (c check) faults() {
	if c.Sound("targets") {
		c.refuse("workload.restart", c.s.Workload.Restart && c.allRun(), "the server of every target runs already, and is not started here", "it left out")
	}
	for i, f := range c.s.Faults {
		field := decode.Element("faults", i)
		if c.Sound(field+".kind", "targets") {
			c.injectable(f.Kind, field+".kind")
		}
		if c.Sound("load", field+".phase") {
			c.faultTime(f, field)
		}
	}
}

// injectable refuses a kind of fault that not all of the targets can inject, and says what
// those can.
func (c check) injectable(kind, field string) {
	var cannot, can []string
	for _, name := range c.s.Targets {
		switch faults := targetKind(c.cat, name).Faults; {
		case slices.Contains(faults, kind):
		case len(faults) == 0:
			cannot, can = append(cannot, name), append(can, "none on "+name)
		default:
			cannot, can = append(cannot, name), append(can, decode.OneOf(faults)+" on "+name)
		}
	}
	c.refuse(field, len(cannot) > 0, kind+" cannot be injected on "+strings.Join(cannot, ", "), strings.Join(can, "; "))
}

// faultTime holds a fault to the length of its phase, as far as that is known.
func (c check) faultTime(f record.Injection, field string) {
	if f.Phase == "" { // as no phase is measured, which is a fault already
		return
	}
	phase := c.phaseNamed(field+".phase", f.Phase)
	kind, known := Named(targets.FaultKinds(), f.Kind, func(k targets.FaultKind) string { return k.Name })
	c.refuse(field+".for", known && !kind.Lasts && c.Given(field+".for"), f.Kind+" happens once, and does not last", "it left out")
	if phase == nil || phase.Duration == 0 { // as long as a trace
		return
	}
	if at := decode.Element("load", c.s.PhaseNamed(f.Phase)); !c.Sound(field+".at", at+".duration") {
		return
	}
	of, left := fmt.Sprintf("phase %s, which takes %s", f.Phase, decode.FormatDuration(phase.Duration)), phase.Duration-f.At
	c.refuse(field+".at", left <= 0, decode.FormatDuration(f.At)+" is not within "+of, "a time before its end")
	c.refuse(field+".for", left > 0 && f.For > left, "the fault would last beyond "+of, "at most "+decode.FormatDuration(left)+", or it left out: the fault ends with the phase")
}
