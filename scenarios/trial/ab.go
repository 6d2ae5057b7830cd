package trial

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/decode"
	"servebench/targets"
)

// Server is one of the two servers that an A/B test compares.
type Server struct {
	// Scenario says how it is run and where, on the one target that it names. Those of
	// both differ in their workloads, targets and limits alone.
	Scenario *scenarios.Scenario
	// Program is the path of the executable that takes the place of the first argument
	// of the command line; "": none does.
	Program string
	Source  string        // as the user gave it
	Facts   []record.Fact // what tells it from others, such as the hash of its executable
}

// Decide says after the rounds of each interim analysis of an A/B test, from its record, whether the
// A/B test is over. An error ends it, too, and discards the rounds since the interim analysis before.
type Decide func(*record.Run) (bool, error)

// ABTest compares a candidate with a baseline as the plan says, whose variants it fills in:
// it plays the rounds up to each of the planned interim analyses, until one decides. A trial
// that the instrument was disturbed in is rerun immediately, since what is to be
// compared belongs together in time. An A/B test ends early when its instrument cannot be
// believed, however often a trial is played, or when one of the servers does not
// come up. What it returns is as of Run, but that nothing is played where one of the
// targets is not available.
func (r *Runner) ABTest(ctx context.Context, baseline, candidate Server, plan record.ABTest, decide Decide) (*record.Run, error) {
	s, err := r.newABTest(ctx, baseline, candidate, plan)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", baseline.Scenario.Name, err)
	}
	s.record.Preflight = s.preflight()
	if s.writer, err = record.Create(r.Dir, s.record); err != nil {
		return nil, fmt.Errorf("create run: %w", err)
	}
	return s.abTest(ctx, decide)
}

// newABTest prepares a session of two variants.
func (r *Runner) newABTest(ctx context.Context, baseline, candidate Server, plan record.ABTest) (s *session, err error) {
	secrets := baseline.Scenario.Secrets.With(candidate.Scenario.Secrets)
	defer func() { err = secrets.Error(err) }()
	if err := comparison(baseline.Scenario, candidate.Scenario); err != nil {
		return nil, err
	}
	s = &session{Runner: r, scenario: baseline.Scenario, rounds: plan.Interims[len(plan.Interims)-1].Pairs, secrets: secrets}
	return s, s.unlessStopped(ctx, func(ctx context.Context) (err error) {
		if s.processes, err = s.scenario.ArrivalProcesses(); err != nil {
			return err
		}
		s.newRecord()
		s.record.Scenario.ColdStarts = 0 // an A/B test has rounds alone
		s.record.AB = &plan
		if plan.Baseline, err = s.openVariant(ctx, record.Baseline, baseline); err != nil {
			return err
		}
		if plan.Candidate, err = s.openVariant(ctx, record.Candidate, candidate); err != nil {
			return err
		}
		return s.furnish()
	})
}

// comparison finds what keeps two scenarios from being compared.
func comparison(baseline, candidate *scenarios.Scenario) error {
	for _, s := range []*scenarios.Scenario{baseline, candidate} {
		if len(s.Targets) != 1 {
			return decode.Faults{{Field: "targets", Problem: fmt.Sprintf("an A/B test compares two servers on one target, and there are %d", len(s.Targets)), Want: "one, such as --target physical"}}
		}
	}
	if len(baseline.Load) == 0 {
		return decode.Faults{{Field: "load", Problem: "there is no load to compare the servers under", Want: "a phase that is measured"}}
	}
	if _, ofLoad := scenarios.Differences(baseline, candidate); len(ofLoad) > 0 {
		d := ofLoad[0]
		return decode.Faults{{Field: d.Key, Problem: fmt.Sprintf("%s of the baseline, and %s of the candidate", d.One, d.Other),
			Want: "the same of both: an A/B test compares servers under the same load, so that only workload, targets, their options and limits may differ"}}
	}
	return nil
}

// openVariant opens the target of a variant, and says whose server it is.
func (s *session) openVariant(ctx context.Context, name string, server Server) (record.Variant, error) {
	where := server.Scenario.Targets[0]
	text, err := server.Scenario.YAML()
	if err != nil {
		return record.Variant{}, fmt.Errorf("resolve scenario of the %s: %w", name, err)
	}
	kind, ok := s.kind(where)
	if !ok {
		return record.Variant{}, fmt.Errorf("unknown target %q", where)
	}
	a := &variant{name: name, scenario: server.Scenario, kind: kind, program: server.Program}
	if a.target, err = s.openAgain(ctx, a); err != nil {
		err = fmt.Errorf("target %s of the %s: %w", where, name, err)
		if _, missing := errors.AsType[*targets.Unavailable](err); missing {
			err = &NotAvailableError{err}
		}
		return record.Variant{}, err
	}
	s.variants = append(s.variants, a)
	s.record.Targets = append(s.record.Targets, record.Target{Name: name, Running: kind.Running})
	return record.Variant{Target: name, Source: server.Source, Kind: where, Text: string(text), Facts: server.Facts}, nil
}

// openAgain opens the target of a variant, once for both where it is the same.
func (s *session) openAgain(ctx context.Context, a *variant) (targets.Target, error) {
	for _, other := range s.variants {
		if other.kind.Name == a.kind.Name && maps.Equal(other.scenario.Options[a.kind.Name], a.scenario.Options[a.kind.Name]) {
			return other.target, nil
		}
	}
	return s.open(ctx, a.kind, a.scenario)
}

// abTest plays what is left of the plan, and saves.
func (s *session) abTest(ctx context.Context, decide Decide) (*record.Run, error) {
	defer s.writer.Close()
	if len(s.record.Preflight) == 0 {
		defer s.pin()()
		s.playABTest(ctx, decide)
	}
	s.record.Finished = time.Now()
	s.save()
	return s.record, s.secrets.Error(join(s.failures))
}
