package runner

import (
	"fmt"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/host"
	"servebench/targets"
	"servebench/targets/protocol"
)

// newWorkload works out the server to run and the CPUs for it.
func (s *session) newWorkload(proto protocol.Kind) error {
	w := s.scenario.Workload
	s.workload = targets.Workload{
		Command: w.Command, Image: w.Image, Env: w.Env, Ready: w.Ready,
		AnyAnswer: s.scenario.Template != nil && w.Ready == s.scenario.Template.Path,
		HTTP2:     s.scenario.HTTP.Version == scenarios.HTTP2,
	}
	if s.workload.Ready == "" {
		s.workload.Ready = proto.Ready
	}
	if err := s.divide(); err != nil {
		return err
	}
	s.workload.Limits = targets.Limits{
		CPUs:       s.split.Target,
		Memory:     s.scenario.Limits.Memory,
		GOMAXPROCS: len(s.split.Target),
	}
	switch {
	case !s.startsAny(): // then nobody needs to have it
		return nil
	case w.Server == scenarios.ReferenceServer:
		var err error
		s.workload.Command, err = s.Reference.Command(s.scenario)
		return err
	}
	return s.checkCommand()
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
	s.split = host.Share(cpus, s.scenario.Limits.CPUs)
	if wanted := s.scenario.Limits.CPUs; len(s.split.Target) < wanted {
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
func (s *session) checkCommand() error {
	if len(s.workload.Command) == 0 {
		return nil
	}
	if _, err := s.workload.Executable(); err != nil {
		return scenarios.Faults{{Field: "workload.command", Problem: err.Error(), Want: "a program that can be run here"}}
	}
	return nil
}
