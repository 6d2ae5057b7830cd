package trial

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

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
	// Move says where the server finds its working folder and each of its files that the
	// scenario names; nil: where the scenario says.
	Move   func(path string) string
	Source string       // as the user gave it
	Facts  record.Facts // what tells it from others, such as the hash of its executable
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
	if err := s.createRecord(); err != nil {
		return nil, err
	}
	return s.playAndSave(ctx, func() { s.playInterims(ctx, decide) })
}

func (r *Runner) newABTest(ctx context.Context, baseline, candidate Server, plan record.ABTest) (s *session, err error) {
	secrets := baseline.Scenario.Secrets.With(candidate.Scenario.Secrets)
	defer func() { err = secrets.Error(err) }()
	if err := checkComparable(baseline.Scenario, candidate.Scenario); err != nil {
		return nil, err
	}
	s = &session{Runner: r, scenario: baseline.Scenario, rounds: plan.Interims[len(plan.Interims)-1].Pairs, secrets: secrets}
	return s, s.unlessStopped(ctx, func(ctx context.Context) (err error) {
		if err := s.newRecord(); err != nil {
			return err
		}
		s.record.Scenario.ColdStarts = 0 // an A/B test has rounds alone
		s.record.AB = &plan
		if plan.Baseline, err = s.openVariant(ctx, record.Baseline, baseline); err != nil {
			return err
		}
		if plan.Candidate, err = s.openVariant(ctx, record.Candidate, candidate); err != nil {
			return err
		}
		if err := s.prepareVariants(ctx); err != nil {
			return err
		}
		for i, variant := range []*record.Variant{&plan.Baseline, &plan.Candidate} {
			if digest := s.variants[i].workload.ImageDigest; digest != "" { // which a tag may say no longer when the test is continued
				variant.Facts = append(slices.Clone(variant.Facts), record.Fact{Name: FactImage, Value: digest})
			}
		}
		return nil
	})
}

func checkComparable(baseline, candidate *scenarios.Scenario) error {
	for _, sc := range []*scenarios.Scenario{baseline, candidate} {
		if len(sc.Points) > 0 {
			return decode.Faults{sc.Source.Fault("sweep", fmt.Sprintf("an A/B test compares two servers on one target, and it makes %d", len(sc.Points)), "none, such as --set sweep=none")}
		}
		if len(sc.Targets) != 1 {
			return decode.Faults{{Field: "targets", Problem: fmt.Sprintf("an A/B test compares two servers on one target, and there are %d", len(sc.Targets)), Want: "one, such as --target physical"}}
		}
	}
	if len(baseline.Load) == 0 {
		return decode.Faults{{Field: "load", Problem: "there is no load to compare the servers under", Want: "a phase that is measured"}}
	}
	if _, ofLoad := scenarios.Differences(baseline, candidate); len(ofLoad) > 0 {
		d := ofLoad[0]
		return decode.Faults{{Field: d.Key, Problem: fmt.Sprintf("%s of the baseline, and %s of the candidate", d.One, d.Other),
			Want: "the same of both: an A/B test compares servers under the same load, so that only workload, targets, their options, limits, http.headers and http.auth may differ"}}
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
	kind, ok := s.Catalogue.Target(where)
	if !ok {
		return record.Variant{}, fmt.Errorf("unknown target %q", where)
	}
	v := &variant{name: name, of: where, scenario: server.Scenario, file: server.Scenario, kind: kind, program: server.Program, move: server.Move}
	if v.target, err = s.openOnce(ctx, v); err != nil {
		err = fmt.Errorf("target %s of the %s: %w", where, name, err)
		if _, missing := errors.AsType[*targets.Unavailable](err); missing {
			err = &NotAvailableError{err}
		}
		return record.Variant{}, err
	}
	s.variants = append(s.variants, v)
	s.record.Targets = append(s.record.Targets, record.Target{Name: name, Running: kind.Running})
	return record.Variant{Target: name, Source: server.Source, Kind: where, Text: string(text), Facts: server.Facts}, nil
}

// openOnce opens the target of a variant, once for both where it is the same.
func (s *session) openOnce(ctx context.Context, v *variant) (targets.Target, error) {
	for _, other := range s.variants {
		if other.kind.Name == v.kind.Name && maps.Equal(other.scenario.Options[v.kind.Name], v.scenario.Options[v.kind.Name]) {
			return other.target, nil
		}
	}
	return s.openTarget(ctx, v)
}

const (
	// vainTries is how often the first trial is played: when the instrument was to be
	// believed in none of them, the reason is more than a passing one.
	vainTries = 3
	// vainRounds is after how many rounds a server is given up that load was played on
	// in none of them.
	vainRounds = 2
)

// playInterims plays the rounds up to one interim analysis after the other, until one decides.
func (s *session) playInterims(ctx context.Context, decide Decide) {
	done := s.resumeRounds()
	next := planRounds(s.variantNames(), s.scenario.Seed)
	for range done {
		next()
	}
	s.setClock(s.variantNames())
	s.clock.trials -= done * len(s.variants)
	budget := &reruns{left: s.scenario.Reruns, believed: done > 0}
	for i, interim := range s.record.AB.Interims {
		s.interim = i + 1
		s.record.Scenario.Rounds = max(interim.Pairs, done)
		if interim.Pairs < done { // at the last one it may have been killed before it was judged
			continue
		}
		for ; done < interim.Pairs; done++ {
			if !s.playPair(ctx, next(), budget) {
				s.record.Scenario.Rounds = max(s.lastPlayedRound(), 1)
				return
			}
		}
		if over, err := decide(s.record); over || err != nil {
			if err != nil {
				s.fault(trial{}, "", fmt.Errorf("judge the A/B test after round %d: %w", done, err), false)
				before := 0
				if i > 0 {
					before = s.record.AB.Interims[i-1].Pairs
				}
				// Nobody can judge these rounds, so that no reader of the record does.
				s.discardCells(record.RoundUnjudged, func(c *record.Cell) bool { return c.Round > before && c.Discarded == "" })
				s.save()
			}
			return
		}
	}
}

// playPair plays one round; false when it is the last.
func (s *session) playPair(ctx context.Context, r round, budget *reruns) bool {
	attempt := s.attemptsOf(r.number)
	for _, name := range r.targets {
		t := trial{Trial: record.Trial{Round: r.number, Attempt: attempt, Target: name}}
		if s.stoppedBefore(ctx, t) || !s.runUndisturbed(ctx, t, budget) {
			return false
		}
	}
	return !s.gaveUpServer(r.number)
}

// runUndisturbed runs a trial, and reruns it where the instrument was disturbed; false when it is
// the last, because the run is stopped or the instrument will not be believed.
func (s *session) runUndisturbed(ctx context.Context, t trial, budget *reruns) bool {
	for tries := 1; ; tries++ {
		if !s.runTrial(ctx, t) {
			return false
		}
		why := s.diagnose(t)
		switch {
		case why == "":
			budget.believed = budget.believed || s.measured(t)
			return true
		case budget.left == 0 || !budget.believed && tries == vainTries:
			s.note("%s: the load generator was disturbed, and the A/B test ends, with %d of %d reruns left: %s; at a quieter hour --continue reruns this round", t, budget.left, s.scenario.Reruns, why)
			return false
		}
		again := t
		again.Attempt++
		if s.stoppedBefore(ctx, again) {
			return false
		}
		budget.left--
		s.clock.trials++
		s.discardTrial(disturbance{t, why})
		t = again
	}
}

func (s *session) gaveUpServer(number int) bool {
	if number < vainRounds {
		return false
	}
	for _, v := range s.variants {
		if !slices.ContainsFunc(s.record.Cells, func(c record.Cell) bool { return c.Target == v.name && c.Measured }) {
			s.note("%s is given up: in %d rounds it could be sent no load", v.name, number)
			return true
		}
	}
	return false
}

// trials yields those that are in the record, some of them several times.
func (s *session) trials(yield func(record.Trial) bool) {
	for _, c := range s.record.Cells {
		if !yield(c.Trial()) {
			return
		}
	}
	for _, target := range s.record.Targets {
		for _, d := range target.Deployments {
			if !yield(record.Trial{Target: target.Name, Round: d.Round, Attempt: d.Attempt}) {
				return
			}
		}
	}
}

func (s *session) lastPlayedRound() (last int) {
	for t := range s.trials {
		last = max(last, t.Round)
	}
	return last
}

func (s *session) attemptsOf(number int) (n int) {
	for t := range s.trials {
		if t.Round == number {
			n = max(n, t.Attempt+1)
		}
	}
	return n
}
