package validity

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

// emulated tells of guests whose every instruction was translated in software.
func emulated(s *Subject) []finding {
	var all []finding
	for _, t := range s.Run.Targets {
		if t.Unavailable != "" || sample.Acceleration(t) != record.TCG {
			continue
		}
		all = append(all, of(record.TCG, 0).at(t.Name, "", 0))
	}
	return all
}

// ranAlready tells of servers that nobody here started.
func ranAlready(s *Subject) []finding {
	var all []finding
	for _, t := range s.Run.Targets {
		if t.Unavailable != "" || !t.Running || absent(t) {
			continue
		}
		f := of("already running", 0).at(t.Name, "", 0)
		if s.AB != nil {
			f = f.as("ab")
			f.Figure = "one process in all rounds"
		}
		all = append(all, f)
	}
	return all
}

// What environments may wait for a CPU until they are initialised: a share of that time,
// or a mean that matters to nobody.
const (
	mostInitWait  = 0.2
	leastInitWait = 100 * time.Millisecond
)

// sharedInit tells of Lambda environments that took the CPUs from each other while they were
// initialised, or waited for their turn, and how many of them came to be.
func sharedInit(s *Subject, row sample.Row) (finding, bool) {
	meter := func(name string) float64 {
		for _, m := range row.Usage.Meters {
			if m.Name == name {
				return m.Value
			}
		}
		return 0
	}
	span := func(name string) time.Duration { return time.Duration(meter(name) * float64(time.Millisecond)) }
	started, queued := meter(record.MeterStarted), span(record.MeterStartWait)
	whole, waited := queued+span(record.MeterInit), queued+span(record.MeterInitWait)
	share := float64(waited) / float64(whole)
	if whole == 0 || share <= mostInitWait || waited < time.Duration(max(started, 1))*leastInitWait {
		return finding{}, false
	}
	figure := fmt.Sprintf("%s of %s; %s began to start, and %s became ready", format.Percent(share), format.Duration(whole),
		format.Plural(int(started), "environment"), format.Count(int64(meter(record.MeterReady))))
	cpus := "the same CPUs"
	if n := s.Run.TargetCPUs(); n > 0 {
		cpus = format.Plural(n, "CPU")
	}
	return of(figure, share, "{cpus}", cpus), true
}

// unverified tells of servers whose certificates nobody looked at.
func unverified(s *Subject) []finding {
	var all []finding
	for _, t := range s.Run.Targets {
		if slices.ContainsFunc(t.Facts, func(f record.Fact) bool { return f.Name == record.FactTLS && f.State == record.Unverified }) {
			all = append(all, of("not verified", 0).at(t.Name, "", 0))
		}
	}
	return all
}

// unexpired tells of clusters in which nothing removes the run when servebench is killed.
func unexpired(s *Subject) []finding {
	var all []finding
	for _, t := range s.Run.Targets {
		for _, f := range t.Facts {
			if f.Name == record.FactExpiry && f.State == record.NoExpiry {
				all = append(all, of(f.String(), 0).at(t.Name, "", 0))
			}
		}
	}
	return all
}

// absent says that nothing answered where a server was said to run.
func absent(t record.Target) bool {
	return len(t.Deployments) > 0 && !slices.ContainsFunc(t.Deployments, func(d record.Deployment) bool { return d.Failed == "" || cameUp(d) })
}

// unequalFacts tells what the targets do not have in common, or, of one target,
// in what it differs from what the scenario asks for.
func unequalFacts(s *Subject) []finding {
	ran := slices.DeleteFunc(slices.Clone(s.Run.Targets), func(t record.Target) bool { return t.Unavailable != "" })
	values := make(map[string][]string)
	var names []string
	for _, t := range ran {
		for _, f := range t.Facts {
			if !f.Unequal && !visiblyUnequal(ran, t, f) || toldAlready(t, f) || s.AB != nil && s.inBothVariants(f) {
				continue
			}
			if values[f.Name] == nil {
				names = append(names, f.Name)
			}
			value := f.String()
			if len(ran) > 1 {
				value = t.Name + ": " + value
			}
			values[f.Name] = append(values[f.Name], value)
		}
	}
	var all []finding
	for _, name := range names {
		f := of(strings.Join(values[name], "; "), 0, "{fact}", name)
		if len(ran) == 1 {
			f = f.as("one").at(ran[0].Name, "", 0)
		}
		all = append(all, f)
	}
	return all
}

// visiblyUnequal says that a fact tells how many CPUs a server sees, and that those of the
// other targets see more or fewer. How many all see is the machine's business, and a sweep
// gives them different numbers on purpose.
func visiblyUnequal(ran []record.Target, of record.Target, f record.Fact) bool {
	return f.Name == record.FactVisibleCPUs && slices.ContainsFunc(ran, func(t record.Target) bool {
		return t.CPUs == of.CPUs && slices.ContainsFunc(t.Facts, func(g record.Fact) bool { return g.Name == f.Name && g.Count != f.Count })
	})
}

// toldAlready says that emulated or ranAlready tells of a fact. What was so only
// from a later round on, neither tells.
func toldAlready(t record.Target, f record.Fact) bool {
	return f.Name == record.FactAcceleration && f.State == record.TCG && sample.Acceleration(t) == record.TCG || f.Name == record.FactLimits && t.Running
}

// inBothVariants says that the variants of an A/B test have a fact in common.
func (s *Subject) inBothVariants(f record.Fact) bool {
	return !slices.ContainsFunc(s.Run.Targets, func(t record.Target) bool {
		return !slices.ContainsFunc(t.Facts, func(g record.Fact) bool { return g.Name == f.Name && g.Value == f.Value })
	})
}
