package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/decode"
	"servebench/scenarios/host"
	"servebench/targets"
	"servebench/targets/protocol"
)

// prepare does everything that can fail before the first server is started:
// nothing of it leaves a trace.
func (s *session) prepare(ctx context.Context) error {
	var err error
	if s.processes, err = s.scenario.ArrivalProcesses(); err != nil {
		return err
	}
	s.newRecord()
	if err := s.openTargets(ctx); err != nil {
		return err
	}
	return s.furnish()
}

// furnish gives the variants what they run and what is sent to them.
func (s *session) furnish() error {
	if err := s.divide(); err != nil {
		return err
	}
	proto, ok := scenarios.Named(s.Catalogue.Protocols, s.scenario.Protocol, func(k protocol.Kind) string { return k.Name })
	if !ok {
		return fmt.Errorf("unknown protocol %q", s.scenario.Protocol)
	}
	for _, a := range s.variants {
		if err := s.newWorkload(a, proto); err != nil {
			return err
		}
		var err error
		if a.facts, err = s.programFacts(a); err != nil {
			return err
		}
	}
	return s.newCorpora(proto)
}

func (s *session) newRecord() {
	sc := s.scenario
	s.record = &record.Run{
		Schema:      record.Schema,
		Created:     time.Now(),
		Version:     s.Version,
		Calibration: s.Calibration,
		Command:     s.Command,
		Environment: host.Facts(),
		Scenario: record.Scenario{
			Name:        sc.Name,
			Description: sc.Description,
			Seed:        sc.Seed,
			ColdStarts:  sc.ColdStarts,
			SLO:         sc.SLO,
			Overhead:    sc.Overhead,
			Batch:       sc.Data.Batch,
			Phases:      []record.Phase{},
			Dir:         sc.Dir,
			Variables:   s.secrets.Variables(),
		},
		Cells: []record.Cell{}, // a list in the file, also where there is no load
	}
	if !s.secrets.Empty() {
		s.record.Redact = s.secrets.Redact
	}
	if len(sc.Load) > 0 {
		s.record.Scenario.Rounds = sc.Rounds
	}
	if sc.Template != nil {
		s.record.Scenario.Template = sc.Template.String()
	}
	s.record.Environment = append(s.record.Environment, carriageFact(sc.HTTP))
	for i, p := range sc.Load {
		s.record.Scenario.Phases = append(s.record.Scenario.Phases, planned(p, s.processes[i]))
	}
}

// carriageFact says how requests are carried.
func carriageFact(h scenarios.HTTP) record.Fact {
	value := "version " + h.Version + ", carried by " + h.Client
	if !h.KeepAlive {
		value += ", a new connection for each request"
	}
	if h.RetryNonIdempotent {
		value += ", requests that are not idempotent sent again like the others"
	}
	return record.Fact{Name: "HTTP", Value: value}
}

// length is how long the load of the i-th phase is planned to be.
func (s *session) length(i int) time.Duration { return s.record.Scenario.Phases[i].Duration }

// openTargets opens the targets that can run here and records why the others
// cannot.
func (s *session) openTargets(ctx context.Context) error {
	var missing []error
	for _, name := range s.scenario.Targets {
		kind, ok := s.kind(name)
		if !ok {
			return fmt.Errorf("unknown target %q", name)
		}
		entry := record.Target{Name: name, Asked: s.Asked, Running: kind.Running}
		target, err := s.open(ctx, kind, s.scenario)
		var unavailable *targets.Unavailable
		var faults decode.Faults
		switch {
		case errors.As(err, &faults):
			return err
		case errors.As(err, &unavailable):
			entry.Unavailable = err.Error()
			missing = append(missing, fmt.Errorf("target %s is not available: %w", name, err))
		case err != nil:
			return fmt.Errorf("open target %s: %w", name, err)
		default:
			s.variants = append(s.variants, &variant{name: name, scenario: s.scenario, kind: kind, target: target})
		}
		s.record.Targets = append(s.record.Targets, entry)
	}
	if len(s.variants) == 0 {
		return &NotAvailableError{errors.Join(missing...)}
	}
	for _, err := range missing {
		s.note("%v", err)
	}
	return nil
}

// kind returns the kind of target of a name; false when there is none.
func (s *session) kind(name string) (targets.Kind, bool) {
	return scenarios.Named(s.Catalogue.Targets, name, func(k targets.Kind) string { return k.Name })
}

// open opens a target of a scenario if it can run here. An *Unavailable says that it
// cannot, a Faults that an option of it is wrong.
func (s *session) open(ctx context.Context, kind targets.Kind, sc *scenarios.Scenario) (targets.Target, error) {
	if kind.Check != nil {
		if err := kind.Check(ctx, sc.Options[kind.Name]); err != nil {
			return nil, err
		}
	}
	s.sweep(ctx, kind)
	target, err := kind.Open(targets.Config{Options: sc.Options[kind.Name], Dir: os.TempDir()})
	var unavailable *targets.Unavailable
	option, ofOption := errors.AsType[*targets.OptionError](err)
	switch {
	case ofOption:
		return nil, decode.Faults{sc.Source.Fault(kind.Name+"."+option.Option, option.Err.Error(), "")}
	case err != nil && !errors.As(err, &unavailable):
		return nil, decode.Faults{{Problem: err.Error()}} // which names the target and its option
	}
	return target, err
}

// sweep removes what a killed servebench left on the target, which would disturb
// this run. What cannot be removed is told and no reason not to run.
func (s *session) sweep(ctx context.Context, kind targets.Kind) {
	removed, err := kind.Sweep(ctx)
	for _, thing := range removed {
		s.note("removed what a killed servebench left: %s", thing)
	}
	if err != nil {
		s.note("remove what a killed servebench left on %s: %v", kind.Name, err)
	}
}
