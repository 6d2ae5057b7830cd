package trial

import (
	"cmp"
	"fmt"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/decode"
	"servebench/scenarios/host"
	"servebench/targets"
	"servebench/targets/protocol"
)

// newWorkload works out the server that a variant runs and the CPUs for it.
func (s *session) newWorkload(a *variant, proto protocol.Kind) error {
	w, template := a.scenario.Workload, a.scenario.Template
	a.workload = targets.Workload{
		Command: w.Command, Dir: a.scenario.Dir, Image: w.Image, Env: w.Env, Ready: cmp.Or(w.Ready, proto.Ready),
		AnyAnswer: template != nil && w.Ready == template.Path,
		HTTP2:     a.scenario.HTTP.Version == scenarios.HTTP2,
	}
	a.workload.CPUSet = s.split.Target[:min(a.scenario.Limits.CPUs, len(s.split.Target))]
	cpus := len(a.workload.CPUSet)
	a.workload.Limits = targets.Limits{CPUs: float64(cpus), Memory: a.scenario.Limits.Memory, GOMAXPROCS: cpus}
	if a.kind.Running { // then nobody needs to have it
		return nil
	}
	reference := w.Server == scenarios.ReferenceServer
	if reference {
		var err error
		if a.workload.Command, err = s.Reference.Command(a.scenario); err != nil {
			return err
		}
	}
	if a.program != "" && len(a.workload.Command) > 0 {
		a.workload.Command = append([]string{a.program}, a.workload.Command[1:]...)
	}
	if reference {
		return nil
	}
	return checkCommand(a.workload, a.scenario.Source)
}

// divide divides this machine between the targets and the generator.
func (s *session) divide() error {
	cpus, err := host.CPUs()
	if err != nil {
		return err
	}
	if s.openFiles, err = host.OpenFiles(); err != nil {
		return err
	}
	s.record.Environment = append(s.record.Environment, record.Fact{Name: "open files limit", Value: fmt.Sprint(s.openFiles)})
	wanted := s.scenario.Limits.CPUs
	for _, a := range s.variants {
		wanted = max(wanted, a.scenario.Limits.CPUs)
	}
	s.split = host.Share(cpus, wanted)
	if len(s.split.Target) < wanted {
		s.record.Environment = append(s.record.Environment, record.Fact{
			Name: "limits.cpus", Value: fmt.Sprintf("%d, where the scenario asks for %d: this machine has %d, and the generator needs one", len(s.split.Target), wanted, len(cpus)), Unequal: true,
		})
	}
	return nil
}

// startsAny reports whether a server is started at all: not where the servers of
// all targets that are available run already.
func (s *session) startsAny() bool {
	for _, t := range s.record.Targets {
		if t.Unavailable == "" && !t.Running {
			return true
		}
	}
	return false
}

// checkCommand finds out before the run whether the user's own server is there.
func checkCommand(w targets.Workload, source *decode.Source) error {
	if len(w.Command) == 0 {
		return nil
	}
	if _, err := w.Executable(); err != nil {
		return decode.Faults{source.Fault("workload.command", err.Error(), "a program that can be run here")}
	}
	return nil
}
