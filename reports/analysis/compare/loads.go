package compare

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"servebench/reports/analysis"
	"servebench/reports/format"
	"servebench/reports/record"
)

// loads compares the phases that both runs have, and the warm-ups: a server that
// was warmed up is another than one that was not. A measured phase that only one
// has is Missing.
func loads(base, fresh *record.Run) []Difference {
	var all []Difference
	for _, b := range base.Scenario.Phases {
		n, found := phaseNamed(fresh, b.Name)
		switch {
		case found:
			all = append(all, phase(b, n)...)
		case !b.Measured:
			all = append(all, Difference{Kind: Load, Where: b.Name, What: "warm-up", Base: analysis.FormatLoad(b), New: "none"})
		}
	}
	for _, n := range fresh.Scenario.Phases {
		if _, found := phaseNamed(base, n.Name); !found && !n.Measured {
			all = append(all, Difference{Kind: Load, Where: n.Name, What: "warm-up", Base: "none", New: analysis.FormatLoad(n)})
		}
	}
	return all
}

func phaseNamed(run *record.Run, name string) (record.Phase, bool) {
	i := slices.IndexFunc(run.Scenario.Phases, func(p record.Phase) bool { return p.Name == name })
	if i < 0 {
		return record.Phase{}, false
	}
	return run.Scenario.Phases[i], true
}

// phase compares a phase of one name. What its words do not show, such as one rate
// of several steps, is told apart from them.
func phase(base, fresh record.Phase) []Difference {
	all := differ(Model, base.Name, "model", base.Model, fresh.Model)
	all = append(all, differ(Load, base.Name, "load", analysis.FormatLoad(base), analysis.FormatLoad(fresh))...)
	if base.Measured != fresh.Measured {
		all = append(all, Difference{Kind: Load, Where: base.Name, What: "measured", Base: fmt.Sprint(base.Measured), New: fmt.Sprint(fresh.Measured)})
	}
	if !reflect.DeepEqual(base.Steps, fresh.Steps) {
		all = append(all, Difference{Kind: Load, Where: base.Name, What: "steps", Base: steps(base), New: steps(fresh)})
	}
	return append(all, differ(Load, base.Name, "mix", mix(base), mix(fresh))...)
}

// steps are the rates of a phase, one after the other, with their durations.
func steps(p record.Phase) string {
	var all []string
	for _, s := range p.Steps {
		all = append(all, format.Rate(s.Rate)+" for "+format.Duration(s.Duration))
	}
	return strings.Join(all, ", ")
}

// mix are the classes of a phase's requests with their shares.
func mix(p record.Phase) string {
	var all []string
	for _, c := range p.Mix {
		all = append(all, fmt.Sprintf("%s %s (model %s, %d in each)", c.Name, format.Percent(c.Share), c.Model, c.Batch))
	}
	return strings.Join(all, ", ")
}
