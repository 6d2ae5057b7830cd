package scenarios

import (
	"fmt"
	"slices"
)

// validateModels finds the phases that ask the reference server for a model that
// it does not have.
func (d *decoder) validateModels(s *Scenario, cat Catalogue) {
	if s.Workload.Server != ReferenceServer {
		return
	}
	check := func(field, model string) {
		if model != s.Workload.Model && d.sound(field) && !slices.Contains(cat.Models, model) {
			d.fault(field, noModel(model, cat), oneOf(cat.Models))
		}
	}
	for i, p := range s.Load {
		check(element("load", i)+".model", p.Model)
		for j, c := range p.Mix {
			if c.Model != p.Model {
				check(element(element("load", i)+".mix", j)+".model", c.Model)
			}
		}
	}
}

func noModel(name string, cat Catalogue) string {
	return fmt.Sprintf("the reference server has no model %q%s", name, Suggest(name, cat.Models))
}

// validateOverhead holds the two phases that are compared to being the same but for
// their models.
func (d *decoder) validateOverhead(s *Scenario) {
	if s.Overhead == nil || !d.sound("overhead", "load") {
		return
	}
	noop, model := d.overheadPhase(s, "overhead.noop", s.Overhead.Noop), d.overheadPhase(s, "overhead.model", s.Overhead.Model)
	switch {
	case noop == nil || model == nil:
	case noop == model:
		d.fault("overhead.model", fmt.Sprintf("%q is the phase of overhead.noop as well", model.Name), "another phase")
	case noop.Model == model.Model:
		d.fault("overhead.model", fmt.Sprintf("the phases %q and %q ask for the same model, %q", noop.Name, model.Name, model.Model),
			"phases that differ in their key model")
	default:
		d.overheadPair(noop, model)
	}
}

// overheadPhase returns the phase that a key of the overhead names, nil after a fault.
func (d *decoder) overheadPhase(s *Scenario, field, name string) *Phase {
	i := s.PhaseNamed(name)
	switch {
	case i < 0:
		var names []string
		for _, p := range s.Load {
			names = append(names, p.Name)
		}
		want := "a phase of load"
		if len(names) > 0 {
			want = oneOf(names)
		}
		d.fault(field, fmt.Sprintf("there is no phase %q%s", name, Suggest(name, names)), want)
		return nil
	case !s.Load[i].Measure:
		d.fault(field, fmt.Sprintf("the phase %q has measure: false, so that it shows nothing", name), "a phase that is measured")
		return nil
	}
	return &s.Load[i]
}

// overheadPair reports in what else the two phases differ.
func (d *decoder) overheadPair(noop, model *Phase) {
	for _, p := range []*Phase{noop, model} {
		if p.Concurrency > 0 {
			d.fault("overhead", fmt.Sprintf("the phase %q is a closed loop, whose requests are due when others are answered", p.Name), "phases with a rate, which get the same due times")
			return
		}
	}
	for _, r := range phaseRows() {
		if r.name == "name" || r.name == "model" {
			continue
		}
		one, other := phaseText(r, noop), phaseText(r, model)
		if one != other {
			d.fault("overhead.model", fmt.Sprintf("the phase %q has %s: %s and the phase %q %s: %s, so that they differ in more than the model",
				model.Name, r.name, other, noop.Name, r.name, one), "the same "+r.name+" in both")
		}
	}
}

// phaseText is what a phase would have written for a key.
func phaseText(r row[Phase], p *Phase) string {
	if v := r.encode(p); v != nil {
		return fmt.Sprint(v)
	}
	return none
}
