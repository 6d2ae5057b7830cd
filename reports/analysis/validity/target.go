package validity

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/analysis/sample"
	"servebench/reports/record"
)

// emulated tells of guests whose every instruction was translated in software.
func emulated(a *Subject) []record.Diagnostic {
	var all []record.Diagnostic
	for _, t := range a.Run.Targets {
		if t.Unavailable != "" || sample.Acceleration(t) != sample.Tcg {
			continue
		}
		i := slices.IndexFunc(t.Facts, func(f record.Fact) bool { return f.Name == sample.AccelerationFact })
		// The fact goes on with what was tried, which is among the target's facts.
		how, _, _ := strings.Cut(t.Facts[i].Value, ": ")
		all = append(all, record.Diagnostic{
			Rule: "emulated", Target: t.Name, Figure: sample.Tcg, Threshold: "KVM",
			Text:   "its guest ran under " + how + ": its figures are those of software emulation, not of a virtual machine on hardware",
			Action: "measure on a machine whose /dev/kvm boots a guest; until then these figures say nothing of virtual machines",
		})
	}
	return all
}

// ranAlready tells of servers that nobody here started.
func ranAlready(a *Subject) []record.Diagnostic {
	var all []record.Diagnostic
	for _, t := range a.Run.Targets {
		if t.Unavailable != "" || !t.Running || absent(t) {
			continue
		}
		if a.AB != nil {
			all = append(all, sameProcess(t))
			continue
		}
		all = append(all, record.Diagnostic{
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
func unequalFacts(a *Subject) []record.Diagnostic {
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
	var all []record.Diagnostic
	for _, name := range names {
		figure := strings.Join(values[name], "; ")
		d := record.Diagnostic{
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
	return f.Name == sample.AccelerationFact && strings.HasPrefix(f.Value, sample.Tcg) && sample.Acceleration(t) == sample.Tcg || f.Name == limits && t.Running
}
