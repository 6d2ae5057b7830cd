package compare

import (
	"cmp"
	"slices"
	"strings"

	"servebench/reports/analysis"
	"servebench/reports/record"
)

// notKnown is the value of a fact that the machine does not tell.
const notKnown = "not known"

// trait is what counts of a fact when two runs are compared.
type trait struct {
	kind string
	// of is the part of the value that counts; nil: all of it.
	of func(string) string
}

// machineTraits are the facts of the environment that are not mere remarks.
func machineTraits() map[string]trait {
	return map[string]trait{
		record.FactCPU:          {Machine, analysis.ProcessorModel},
		record.FactArchitecture: {Machine, nil},
		"CPUs":                  {Machine, nil},
		"machine":               {Machine, nil},
		"kernel":                {Machine, series},
		"CPU governor":          {Machine, nil},
		"CPU boost":             {Machine, nil},
		"hyper-threads":         {Machine, nil},
		"NUMA nodes":            {Machine, nil},
		"clock source":          {Machine, nil},
		"generator CPUs":        {Machine, nil},
		"target CPUs":           {Machine, nil},
		"CPUs left free":        {Machine, nil},
		"generator priority":    {Machine, nil},
		"CPU idle states":       {Machine, nil},
		"HTTP":                  {Client, nil},
		"limits.cpus":           {Limits, nil},
	}
}

// passing are the facts that differ from one run to the next on the same machine.
func passing() []string { return []string{"load before", "open files limit"} }

// environment compares the machines, the generators on them, and the versions of
// servebench.
func environment(base, fresh *record.Run) []Difference {
	all := factsDiffer("", base.Environment, fresh.Environment, machineTraits(), passing())
	return append(all, differ(Remark, "", "servebench", base.Version, fresh.Version)...)
}

// factsDiffer compares facts by their names, in the order of the base. One that a
// run does not have or know cannot be said to differ in what counts: that is a
// remark.
func factsDiffer(where string, base, fresh []record.Fact, traits map[string]trait, left []string) []Difference {
	var all []Difference
	for _, name := range factNames(base, fresh) {
		b, n := valueOf(base, name), valueOf(fresh, name)
		if b == n || slices.Contains(left, name) {
			continue
		}
		t, counts := traits[name]
		if !counts || t.counted(base, name) == t.counted(fresh, name) || unknown(b) || unknown(n) {
			t.kind = Remark
		}
		all = append(all, differ(t.kind, where, name, b, n)...)
	}
	return all
}

// counted is what counts of a fact: its state, or what the trait takes of its value.
func (t trait) counted(facts []record.Fact, name string) string {
	var all []string
	for _, f := range facts {
		switch {
		case f.Name != name:
		case f.State == "" && t.of != nil:
			all = append(all, t.of(f.Value))
		default:
			all = append(all, cmp.Or(f.State, f.Value))
		}
	}
	return strings.Join(all, "; ")
}

func unknown(value string) bool { return value == "" || value == notKnown }

// factNames are the names in either, each once.
func factNames(base, fresh []record.Fact) []string {
	var names []string
	for _, f := range slices.Concat(base, fresh) {
		if !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

// valueOf is the value of a fact; where it changed during the run, all of them.
func valueOf(facts []record.Fact, name string) string {
	var values []string
	for _, f := range facts {
		if f.Name == name {
			values = append(values, f.String())
		}
	}
	return strings.Join(values, "; ")
}

// series is what a kernel's version begins with: "6.1" of "6.1.0-26-amd64 x86_64".
// What differs behind it are mended faults.
func series(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(len(parts), 2)], ".")
}

// targetTraits are the facts of a target that are not mere remarks.
func targetTraits() map[string]trait {
	return map[string]trait{
		"CPUs":                 {Limits, nil},
		"memory limit":         {Limits, nil},
		"GOMAXPROCS":           {Limits, nil},
		record.FactVisibleCPUs: {Limits, nil},
		"guest memory":         {Limits, nil},
		"memory size":          {Limits, nil},
		"CPU share":            {Limits, nil},
		"CPU quota":            {Limits, nil},
		"limits":               {Limits, nil},
		"acceleration":         {Target, nil},
		"network":              {Target, nil},
		"network path":         {Target, nil},
		"concurrency":          {Target, nil},
		"freezing":             {Target, nil},
		"guest clock":          {Target, nil},
		"TLS":                  {Client, nil},
	}
}

// passingOnTargets are the facts of one start, and what a container's server is in.
func passingOnTargets() []string {
	return []string{"image", "image preparation", "preparation", "guest boot", "start"}
}

// targetFacts compares the targets that ran in both.
func targetFacts(base, fresh *record.Run) []Difference {
	var all []Difference
	for _, b := range base.Targets {
		i := slices.IndexFunc(fresh.Targets, func(n record.Target) bool { return n.Name == b.Name })
		if i < 0 || b.Unavailable != "" || fresh.Targets[i].Unavailable != "" {
			continue
		}
		n := fresh.Targets[i]
		all = append(all, differ(Target, b.Name, "server", Running(b.Running), Running(n.Running))...)
		all = append(all, factsDiffer(b.Name, b.Facts, n.Facts, targetTraits(), passingOnTargets())...)
	}
	return all
}

// targetPhase is a target in a measured phase; the phase is "" of its cold starts.
type targetPhase struct{ target, phase string }

// targetPhases are those that were measured, in the run's order, a target's cold starts
// behind its phases.
func targetPhases(a *analysis.Analysis) []targetPhase {
	var all []targetPhase
	for _, row := range a.Rows {
		if row.Ledger.Sent > 0 {
			all = append(all, targetPhase{row.Target, row.Phase})
		}
	}
	for _, c := range a.ColdStarts() {
		if c.N > 0 {
			all = append(all, targetPhase{c.Target, ""})
		}
	}
	return all
}
