package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/decode"
)

// Continue goes on with the A/B test in the folder of a run, up to the interim analyses given: the
// run's own and those that were added. A round that an interruption left unfinished
// is rerun as a whole. It refuses a run that somebody writes, and one of which
// anything that matters has changed since: a server, the scenario, the machine or
// servebench. What it returns is as of ABTest.
func (r *Runner) Continue(ctx context.Context, dir string, baseline, candidate Server, interims []record.Interim, decide Decide) (*record.Run, error) {
	run, writer, err := record.Reopen(dir)
	if err != nil {
		return nil, fmt.Errorf("continue: %w", err)
	}
	s, err := r.resumeRun(ctx, run, baseline, candidate, interims)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("continue %s: %w", dir, err), writer.Close())
	}
	s.writer = writer
	return s.playAndSave(ctx, func() { s.playInterims(ctx, decide) })
}

func (r *Runner) resumeRun(ctx context.Context, run *record.Run, baseline, candidate Server, interims []record.Interim) (*session, error) {
	if run.AB == nil {
		return nil, decode.Faults{{Problem: "it is no A/B test", Want: "the folder of a run of servebench ab"}}
	}
	if known := run.AB.Interims; len(interims) < len(known) || !slices.Equal(known, interims[:len(known)]) {
		return nil, errors.New("its interim analyses are others by now: somebody has continued it meanwhile; begin again")
	}
	plan := *run.AB
	plan.Interims = interims
	s, err := r.newABTest(ctx, baseline, candidate, plan)
	if err != nil {
		return nil, err
	}
	if what := whatChanged(run, s.record); what != "" {
		return nil, decode.Faults{{Problem: what + " since it was begun, so that its rounds cannot be put together with further ones", Want: "a new A/B test"}}
	}
	s.since = run.Scenario.Rounds + 1
	run.AB, run.Preflight, run.Redact = s.record.AB, s.preflight(), s.record.Redact
	s.record = run
	return s, nil
}

// whatChanged says what is no longer as it was in a run; "" when nothing is.
func whatChanged(was, now *record.Run) string {
	for _, name := range []string{"CPU", "CPUs", "kernel", "machine"} {
		if before, after := was.Environment.Named(name).Value, now.Environment.Named(name).Value; before != after {
			return fmt.Sprintf("the machine has changed (%s: %s, and was %s)", name, after, before)
		}
	}
	switch {
	case was.Version != now.Version:
		return fmt.Sprintf("servebench has changed (%s, and was %s)", now.Version, was.Version)
	case was.Scenario.Text != now.Scenario.Text || was.Scenario.Payloads != now.Scenario.Payloads:
		return "the scenario has changed"
	case was.AB == nil:
		return ""
	case !sameServer(was.AB.Baseline, now.AB.Baseline):
		return "the baseline has changed" + changedFact(was.AB.Baseline, now.AB.Baseline)
	case !sameServer(was.AB.Candidate, now.AB.Candidate):
		return "the candidate has changed" + changedFact(was.AB.Candidate, now.AB.Candidate)
	}
	return ""
}

// ContinueCapacity goes on with the search in the folder of a run, whose scenario is sc: with the
// steps that it has, but for one that an interruption cut short, or that the load generator was
// disturbed in. It refuses what Continue does. What it returns is as of Capacity.
func (r *Runner) ContinueCapacity(ctx context.Context, dir string, sc *scenarios.Scenario, next NextStep) (*record.Run, error) {
	run, writer, err := record.Reopen(dir)
	if err != nil {
		return nil, fmt.Errorf("continue: %w", err)
	}
	s, err := r.resumeSearch(ctx, run, sc)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("continue %s: %w", dir, err), writer.Close())
	}
	s.writer = writer
	return s.playAndSave(ctx, func() { s.playSearches(ctx, next) })
}

func (r *Runner) resumeSearch(ctx context.Context, run *record.Run, sc *scenarios.Scenario) (*session, error) {
	if run.Capacity == nil {
		return nil, decode.Faults{{Problem: "it is no search for a capacity", Want: "the folder of a run of servebench capacity"}}
	}
	s, err := r.newSearch(ctx, sc)
	if err != nil {
		return nil, err
	}
	what := whatChanged(run, s.record)
	if what == "" {
		what = s.changedServer(run)
	}
	if what != "" {
		return nil, decode.Faults{{Problem: what + " since it was begun, so that its steps cannot be put together with further ones", Want: "a new search"}}
	}
	s.since = run.Scenario.Rounds + 1
	run.Preflight, run.Redact = s.preflight(), s.record.Redact
	s.record = run
	s.discardUnfinishedSteps()
	return s, nil
}

// changedServer says of which target the server is not the one that it was in a run; "" of
// none.
func (s *session) changedServer(run *record.Run) string {
	for _, was := range run.Targets {
		i := slices.IndexFunc(s.variants, func(v *variant) bool { return v.name == was.Name })
		switch {
		case (i < 0) != (was.Unavailable != ""):
			return "whether target " + was.Name + " is available has changed"
		case i < 0:
			continue
		}
		for _, f := range s.variants[i].facts {
			if before := was.Facts.Named(f.Name).Value; before != "" && before != f.Value && (f.Name == FactHash || f.Name == FactImage) {
				return fmt.Sprintf("the server of %s has changed (%s: %s, and was %s)", was.Name, f.Name, f.Value, before)
			}
		}
	}
	return ""
}

// discardUnfinishedSteps leaves of a search that is continued the steps that were played to
// their end with a load generator that was not disturbed.
func (s *session) discardUnfinishedSteps() {
	s.record.Interrupted, s.record.Finished = "", time.Time{}
	played := map[string]*record.SearchStep{}
	key := func(target string, round int) string { return fmt.Sprint(round, " ", target) }
	for _, step := range s.record.Capacity.Steps {
		played[key(step.Target, step.Round)] = &step
	}
	for i := range s.record.Cells {
		c := &s.record.Cells[i]
		switch step := played[key(c.Target, c.Round)]; {
		case c.Discarded != "":
		case step == nil:
			c.Discarded = record.RoundInterrupted
		case step.Disturbed != "":
			c.Discarded = step.Disturbed
		}
	}
	s.record.Capacity.Steps = slices.DeleteFunc(s.record.Capacity.Steps, func(step record.SearchStep) bool { return step.Disturbed != "" })
}

func sameServer(one, other record.Variant) bool {
	return one.Kind == other.Kind && one.Text == other.Text && slices.Equal(one.Facts, other.Facts)
}

// changedFact names the first fact in which a variant is another now; "" where it is not in
// a fact.
func changedFact(was, now record.Variant) string {
	for _, f := range now.Facts {
		if before := was.Facts.Named(f.Name).Value; before != f.Value {
			return fmt.Sprintf(" (%s: %s, and was %s)", f.Name, f.Value, before)
		}
	}
	return ""
}

// resumeRounds returns how many rounds are over. What is left of another one, which an
// interruption or an instrument not believed has cut short, is discarded.
func (s *session) resumeRounds() int {
	last := s.lastPlayedRound()
	ended := s.record.Interrupted == "" && !s.record.Finished.IsZero()
	s.record.Interrupted, s.record.Finished = "", time.Time{}
	if last == 0 || !s.disturbed(last) && (ended && s.triedBoth(last) || s.playedWhole(last)) {
		return last
	}
	s.discardCells(record.RoundInterrupted, func(c *record.Cell) bool { return c.Round == last && c.Discarded == "" })
	return last - 1
}

// disturbed reports whether the instrument is not believed in a trial of a round that
// is not discarded. It looks at the instrument alone, so that nothing is picked by what
// it shows.
func (s *session) disturbed(number int) bool {
	return slices.ContainsFunc(s.record.Cells, func(c record.Cell) bool {
		return c.Round == number && c.Discarded == "" && s.diagnose(trial{Trial: c.Trial()}) != ""
	})
}

func (s *session) triedBoth(number int) bool {
	for _, v := range s.variants {
		if !slices.ContainsFunc(s.record.Cells, func(c record.Cell) bool { return c.Round == number && c.Target == v.name && c.Discarded == "" }) &&
			!slices.ContainsFunc(s.record.Faults, func(f record.Fault) bool { return f.Round == number && f.Target == v.name }) {
			return false
		}
	}
	return true
}

func (s *session) playedWhole(number int) bool {
	for _, v := range s.variants {
		for _, p := range s.record.Scenario.Phases {
			if !slices.ContainsFunc(s.record.Cells, func(c record.Cell) bool {
				return c.Round == number && c.Target == v.name && c.Phase == p.Name && c.Discarded == "" && c.Failed == "" && !c.Stopped
			}) {
				return false
			}
		}
	}
	return true
}
