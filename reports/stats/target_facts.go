package stats

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/record"
)

// acceleration is the name of the fact that says how a guest's instructions were
// executed, and tcg its first word where they were emulated.
const (
	acceleration = "acceleration"
	tcg          = "TCG"
)

// Acceleration is how a target executed its guest's instructions: "KVM", on the
// CPU itself; "TCG", emulated in software; "" where there is no such thing.
func Acceleration(t record.Target) string {
	for _, f := range t.Facts {
		if word, _, _ := strings.Cut(f.Value, " "); f.Name == acceleration {
			if word = strings.TrimRight(word, ",;:"); word == tcg || word == "KVM" {
				return word
			}
		}
	}
	return ""
}

// Label is a target's name with what must not be overlooked about it: "vm (TCG)".
func (a *Analysis) Label(target string) string {
	i := slices.IndexFunc(a.Run.Targets, func(t record.Target) bool { return t.Name == target })
	if i < 0 {
		return target
	}
	if word := Acceleration(a.Run.Targets[i]); word != "" {
		return fmt.Sprintf("%s (%s)", target, word)
	}
	return target
}

// emulated tells of guests whose every instruction was translated in software.
func emulated(a *Analysis) []Diagnostic {
	var all []Diagnostic
	for _, t := range a.Run.Targets {
		if t.Unavailable != "" || Acceleration(t) != tcg {
			continue
		}
		i := slices.IndexFunc(t.Facts, func(f record.Fact) bool { return f.Name == acceleration })
		// The fact goes on with what was tried, which is among the target's facts.
		how, _, _ := strings.Cut(t.Facts[i].Value, ": ")
		all = append(all, Diagnostic{
			Rule: "emulated", Target: t.Name, Figure: tcg, Threshold: "KVM",
			Text:   "its guest ran under " + how + ": its figures are those of software emulation, not of a virtual machine on hardware",
			Action: "measure on a machine whose /dev/kvm boots a guest; until then these figures say nothing of virtual machines",
		})
	}
	return all
}

// ranAlready tells of servers that nobody here started.
func ranAlready(a *Analysis) []Diagnostic {
	var all []Diagnostic
	for _, t := range a.Run.Targets {
		if t.Unavailable != "" || !t.Running || absent(t) {
			continue
		}
		if a.AB != nil {
			all = append(all, sameProcess(t))
			continue
		}
		all = append(all, Diagnostic{
			Rule: "running", Target: t.Name, Figure: "already running", Threshold: "started here, under the scenario's limits",
			Text:   "the server ran already: the scenario's limits were not applied to it, and it has no cold start",
			Action: "compare it with other targets only if it is held to the same CPUs and memory by other means",
		})
	}
	return all
}

// absent says that nothing answered where a server was said to run.
func absent(t record.Target) bool {
	return len(t.Deployments) > 0 && !slices.ContainsFunc(t.Deployments, func(d record.Deployment) bool { return d.Failed == "" || cameUp(d) })
}

// unequalFacts tells what the targets do not have in common, or, of one target,
// in what it differs from what the scenario asks for.
func unequalFacts(a *Analysis) []Diagnostic {
	values := make(map[string][]string)
	var names []string
	ran := 0
	only := ""
	for _, t := range a.Run.Targets {
		if t.Unavailable != "" {
			continue
		}
		ran, only = ran+1, t.Name
		for _, f := range t.Facts {
			if !f.Unequal || toldAlready(t, f) || a.AB != nil && a.inBothVariants(f) {
				continue
			}
			if values[f.Name] == nil {
				names = append(names, f.Name)
			}
			values[f.Name] = append(values[f.Name], t.Name+": "+f.Value)
		}
	}
	var all []Diagnostic
	for _, name := range names {
		figure := strings.Join(values[name], "; ")
		d := Diagnostic{
			Rule: "unequal", Figure: figure, Threshold: "the same on every target",
			Text:   fmt.Sprintf("%s could not be made equal between the targets: %s", name, figure),
			Action: "bear it in mind when you compare them",
		}
		if ran == 1 {
			d.Target, d.Threshold = only, "as the scenario asks"
			d.Text = fmt.Sprintf("%s is not what the scenario asks for: %s", name, strings.TrimPrefix(figure, only+": "))
			d.Action = "bear it in mind when you compare it with another run"
		}
		all = append(all, d)
	}
	return all
}

// toldAlready says that emulated or ranAlready tells of a fact. What was so only
// from a later round on, neither tells.
func toldAlready(t record.Target, f record.Fact) bool {
	const limits = "limits"
	return f.Name == acceleration && strings.HasPrefix(f.Value, tcg) && Acceleration(t) == tcg || f.Name == limits && t.Running
}
