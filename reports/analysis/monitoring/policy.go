package monitoring

import (
	"slices"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
)

// Policy is what training the model again by a policy came to, over all rounds of a phase.
type Policy struct {
	Target, Phase string
	Name          string // as in Drift; "": the scenario does not say
	Rounds        int
	// Before, During, After and Whole are as in Drift. Where rounds differ by more than chance,
	// their intervals are wider.
	Before, During, After, Whole stat.Proportion
	Trainings                    int // that were asked for
	// CPU is the CPU time of the trainings; CPUKnown says that all that ended said it.
	CPU      time.Duration
	CPUKnown bool
}

// Choice compares the policies of a target in a phase by the accuracy that each kept over it.
type Choice struct {
	Of, Phase string
	// Enough is the policy with the fewest trainings of those for which no other one is shown to
	// have kept more: whose interval ends above where that of any other begins. Alike are the
	// others of those, and Worse are those which are shown to have kept less.
	Enough       Policy
	Alike, Worse []Policy
}

// Policies are those that drifts belong to, each over all of its rounds, in the order of the
// drifts.
func Policies(drifts []Drift) (all []Policy) {
	for _, of := range sample.Grouped(drifts, func(d Drift) [2]string { return [2]string{d.Target, d.Phase} }) {
		p := Policy{Target: of[0].Target, Phase: of[0].Phase, Name: of[0].Policy, Rounds: len(of), CPUKnown: true}
		for _, d := range of {
			cpu, known := d.CPU()
			p.Trainings += len(d.Retrainings)
			p.CPU, p.CPUKnown = p.CPU+cpu, p.CPUKnown && known
		}
		for _, part := range []struct {
			into *stat.Proportion
			of   func(Drift) stat.Proportion
		}{
			{&p.Before, func(d Drift) stat.Proportion { return d.Before }}, {&p.During, func(d Drift) stat.Proportion { return d.During }},
			{&p.After, func(d Drift) stat.Proportion { return d.After }}, {&p.Whole, func(d Drift) stat.Proportion { return d.Whole }},
		} {
			if *part.into = part.of(of[0]); len(of) > 1 {
				var rounds []stat.Counts
				for _, d := range of {
					rounds = append(rounds, stat.Counts{K: part.of(d).K, N: part.of(d).N})
				}
				*part.into = stat.Repeated(rounds, of[0].examples)
			}
		}
		all = append(all, p)
	}
	return all
}

// Choices compare the policies of each target and phase that has several; policies of which no
// outcome is known are left out.
func Choices(drifts []Drift) (all []Choice) {
	for _, of := range sample.Grouped(drifts, func(d Drift) [2]string { return [2]string{d.Of, d.Phase} }) {
		policies := slices.DeleteFunc(Policies(of), func(p Policy) bool { return p.Whole.N == 0 })
		if len(policies) < 2 {
			continue
		}
		c := Choice{Of: of[0].Of, Phase: of[0].Phase}
		for _, p := range policies {
			if slices.ContainsFunc(policies, func(other Policy) bool { return other.Whole.Low > p.Whole.High }) {
				c.Worse = append(c.Worse, p)
			} else {
				c.Alike = append(c.Alike, p)
			}
		}
		enough := 0
		for i, p := range c.Alike {
			if best := c.Alike[enough]; p.Trainings < best.Trainings || p.Trainings == best.Trainings && p.Whole.Value > best.Whole.Value {
				enough = i
			}
		}
		c.Enough = c.Alike[enough]
		c.Alike = slices.Delete(c.Alike, enough, enough+1)
		all = append(all, c)
	}
	return all
}
