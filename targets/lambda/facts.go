package lambda

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"servebench/targets"
	"servebench/targets/lambda/service"
	"servebench/targets/local"
)

// facts says what was applied, as an environment's process shows it.
func (t target) facts(w targets.Workload, s service.State, pid int, took time.Duration) []targets.Fact {
	facts := []targets.Fact{
		{Name: "engine", Value: "local Lambda service, function URL with payload 2.0"},
		t.sandboxFact(s.Sandbox),
		{Name: "preparation", Value: fmt.Sprintf("service started and function put in place in %s, before the start", took.Round(time.Millisecond))},
		t.sizeFact(w.Limits),
		t.shareFact(w.CPUSet, s.NotHeld),
		t.freezeFact(s.NotFrozen),
		{Name: "concurrency", Value: fmt.Sprintf("%d requests at a time, %d environments started in 10 s", t.concurrency, t.burst)},
	}
	var unlimited error
	if s.NotHeld != "" {
		unlimited = errors.New(s.NotHeld)
	}
	w.Limits.Memory = t.held(w.Limits)
	return append(facts, local.Applied(pid, w, unlimited)...)
}

// sandboxFact says what environments run in. Where auto found no container to be
// had, they are less apart than elsewhere, and their starts cost less.
func (t target) sandboxFact(name string) targets.Fact {
	none := strings.HasPrefix(name, service.Plain{}.Name())
	return targets.Fact{Name: "sandbox", Value: name, Unequal: none && t.sandbox == service.Auto}
}

// sizeFact says what is billed and what is not.
func (t target) sizeFact(limits targets.Limits) targets.Fact {
	return targets.Fact{Name: "memory size", Value: fmt.Sprintf("%d MB, which is %s, billed; each environment is held to %s", t.memory/targets.MiB, t.share(), t.held(limits))}
}

// share is that of the CPUs which comes with the memory size.
func (t target) share() string {
	return strconv.FormatFloat(service.Share(t.memory), 'g', 3, 64) + " vCPU"
}

// shareFact says what each environment may use of the CPUs.
func (t target) shareFact(set []int, not string) targets.Fact {
	if not != "" {
		return targets.Fact{Name: "CPU share", Value: fmt.Sprintf("%s for each environment, not enforced: %s", t.share(), not), Unequal: true}
	}
	cpus := "this machine's CPUs"
	if len(set) > 0 {
		cpus = "the CPUs " + targets.FormatCPUs(set)
	}
	return targets.Fact{Name: "CPU share", Value: fmt.Sprintf("%s for each environment after its initialisation; all share %s, where AWS gives each its own", t.share(), cpus)}
}

// freezeFact says whether environments are frozen.
func (t target) freezeFact(not string) targets.Fact {
	if not == "" {
		return targets.Fact{Name: "freezing", Value: "between requests"}
	}
	return targets.Fact{Name: "freezing", Value: "none: " + not, Unequal: t.freeze}
}
