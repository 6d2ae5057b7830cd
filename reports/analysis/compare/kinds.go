package compare

import (
	"fmt"
	"slices"
	"strings"
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
		{Protocol, "the wire protocol, or the request that the scenario writes out"},
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

// CheckKinds refuses a name that is of no kind.
func CheckKinds(names []string) error {
	for _, name := range names {
		if !slices.Contains(KindNames(), name) {
			return fmt.Errorf("unknown difference %q, want any of %s", name, strings.Join(KindNames(), ", "))
		}
	}
	return nil
}
