package compare

import (
	"reflect"
	"slices"

	"servebench/reports/analysis"
	"servebench/reports/record"
)

// The kinds of difference that make two runs not comparable.
const (
	Invalid  = "invalid"
	Payloads = "payloads"
	Load     = "load"
	Seed     = "seed"
	Model    = "model"
	Protocol = "protocol"
	Limits   = "limits"
	Client   = "client"
	Machine  = "machine"
	Target   = "target"
)

// Remark is the kind of a difference that is told and forbids nothing.
const Remark = "remark"

// Kind is a kind of difference that makes two runs not comparable unless it is
// allowed by its name.
type Kind struct {
	Name string
	Doc  string // what differs
}

// Kinds lists them in the order in which they are told.
func Kinds() []Kind {
	return []Kind{
		{Invalid, "an INVALID run"},
		{Payloads, "the bytes of the requests, how many they are, the examples in each"},
		{Load, "a phase: its arrivals, rate, duration, concurrency, steps, mix; a warm-up; what ends a phase early"},
		{Seed, "the seed of due times, and of the data"},
		{Model, "the model that is asked"},
		{Protocol, "the wire protocol, the request that the scenario writes out, or what answers are compared with"},
		{Limits, "the CPUs and the memory of the server"},
		{Client, "how requests are carried: HTTP version, client, timeout, attackers"},
		{Machine, "the processor, the kernel's series, CPUs and priority of the generator, idle states"},
		{Target, "the target: network, emulation, concurrency, its options"},
	}
}

// KindNames are the names of Kinds.
func KindNames() []string {
	var names []string
	for _, k := range Kinds() {
		names = append(names, k.Name)
	}
	return names
}

// Difference is one thing that differs between two runs besides the server.
type Difference struct {
	Kind  string `json:"kind"`  // of Kinds, or Remark
	Where string `json:"where"` // the target or phase that it is about; "" where it is about the whole
	What  string `json:"what"`  // "CPU", "rate"
	// Base and New are what it is in either: a word, a number, a time, a part of the record,
	// or, of What the runs came to, their analyses. nil where the run does not tell, or has
	// no such thing.
	Base    any  `json:"-"`
	New     any  `json:"-"`
	Fatal   bool `json:"fatal"` // makes the runs not comparable, unless Allowed
	Allowed bool `json:"allowed"`
}

// differences are all that can be told from the records.
func differences(base, fresh *analysis.Analysis, allowed []string) []Difference {
	all := slices.Concat(
		beliefs(base, fresh),
		payloads(base.Run, fresh.Run),
		modelFiles(base.Run, fresh.Run),
		loads(base.Run, fresh.Run),
		settings(base.Run, fresh.Run),
		environment(base.Run, fresh.Run),
		targetFacts(base.Run, fresh.Run),
	)
	all = slices.DeleteFunc(all, func(d Difference) bool {
		b, isBase := d.Base.(string)
		n, isNew := d.New.(string)
		return isBase && isNew && samePaths(base.Run.Scenario.Dir, b, fresh.Run.Scenario.Dir, n)
	})
	order := append(KindNames(), Remark)
	slices.SortStableFunc(all, func(a, b Difference) int {
		return slices.Index(order, a.Kind) - slices.Index(order, b.Kind)
	})
	for i := range all {
		all[i].Fatal = all[i].Kind != Remark
		all[i].Allowed = all[i].Fatal && slices.Contains(allowed, all[i].Kind)
	}
	return all
}

// differ is the difference of two values; none when they are the same.
func differ(kind, where, what string, base, fresh any) []Difference {
	if reflect.DeepEqual(base, fresh) {
		return nil
	}
	return []Difference{{Kind: kind, Where: where, What: what, Base: base, New: fresh}}
}

// What the runs came to: of these, the values are the analyses.
const (
	Validity     = "validity"
	Completeness = "completeness"
	Servers      = "servers" // what went wrong with them
)

// Running is the value of whether a server ran already, and was not started for the run.
type Running bool

// beliefs tells of runs that cannot be believed, of those that ended before their plan
// did, and of servers that went wrong, whose figures are of what is left.
func beliefs(base, fresh *analysis.Analysis) []Difference {
	var all []Difference
	if base.Validity == record.Invalid || fresh.Validity == record.Invalid {
		all = append(all, Difference{Kind: Invalid, What: Validity, Base: base, New: fresh})
	}
	if base.Shortfall() != nil || fresh.Shortfall() != nil {
		all = append(all, Difference{Kind: Remark, What: Completeness, Base: base, New: fresh})
	}
	if !reflect.DeepEqual(base.ServerFailures(), fresh.ServerFailures()) {
		all = append(all, Difference{Kind: Remark, What: Servers, Base: base, New: fresh})
	}
	return all
}
