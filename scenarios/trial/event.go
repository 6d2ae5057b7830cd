package trial

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/attack"
)

// Event is something that a watcher of a run may want to show.
type Event struct {
	// Note is a line worth keeping: a target left out, a server that died. ""
	// in the events that only move the progress on.
	Note string
	// Target, Phase and Round say where the run is; Phase is "" while the
	// server is being deployed.
	Target, Phase string
	Round, Rounds int
	// Interim says, in an A/B test, which of so many Interims the rounds lead to, from 1; it is
	// after round InterimAt.
	Interim, Interims, InterimAt int
	// Attempt is how often the trial was played before: above 0, the load
	// generator was disturbed in it.
	Attempt int
	// Alone says that the server is deployed for its cold start alone; Round and
	// Rounds count those deployments then.
	Alone bool
	// Search says that the run is a search: Round counts its steps, of which there are as many
	// as it takes, Left is how long they may take at most, and Likely how long they probably do.
	Search bool
	// Left estimates how long the run will still take.
	Left, Likely time.Duration
	// Load is how far the phase has come.
	Load attack.Progress
}

func (t trial) event() Event {
	e := Event{Target: t.Target, Round: t.Round, Attempt: t.Attempt}
	if t.alone > 0 {
		e.Round, e.Alone = t.alone, true
	}
	return e
}

func (s *session) note(format string, args ...any) {
	s.observe(Event{Note: fmt.Sprintf(format, args...)})
}

func (s *session) observe(e Event) {
	if s.Observe == nil {
		return
	}
	e.Rounds = s.rounds
	e.Search = s.record != nil && s.record.Capacity != nil
	if s.interim > 0 {
		e.Interim, e.Interims = s.interim, len(s.record.AB.Interims)
		e.InterimAt = s.record.AB.Interims[s.interim-1].Pairs
	}
	if e.Alone {
		e.Rounds = s.scenario.ColdStarts
	}
	e.Note = s.secrets.Redact(e.Note)
	s.Observe(e)
}

func (s *session) watchPhase(t trial, phase string) func(attack.Progress) {
	return func(p attack.Progress) {
		e := t.event()
		e.Phase, e.Load = phase, p
		e.Left, e.Likely = s.clock.left(p.Elapsed)
		s.observe(e)
	}
}

// clock estimates the time left: the schedules are known, the time that a
// trial takes beside them is learned from the trials so far.
type clock struct {
	trials   int           // with load, still to come, the present one included
	alone    int           // for a cold start alone, which come after the others
	load     time.Duration // schedule per trial
	played   time.Duration // of the present trial's schedule, phases that are over
	overhead time.Duration // sum over the trials that are over
	over     int           // trials that are over
	// later are the steps of a search that may come after the present one, at most, and likely
	// those that probably do.
	later, likely record.Ahead
}

// firstOverhead is what a trial is thought to take beside its schedule before
// the first one is over.
const firstOverhead = time.Second

// left is how long the run may still take, and how long it probably does: they differ in a search.
func (c *clock) left(inPhase time.Duration) (most, likely time.Duration) {
	perTrial := firstOverhead
	if c.over > 0 {
		perTrial = c.overhead / time.Duration(c.over)
	}
	with := func(later record.Ahead) time.Duration {
		all := time.Duration(c.trials)*c.load + later.Load + time.Duration(c.trials+c.alone+later.Steps)*perTrial
		return max(0, all-c.played-inPhase)
	}
	return with(c.later), with(c.likely)
}

// endTrial learns from a trial that took so long in all.
func (c *clock) endTrial(took time.Duration) {
	c.overhead += max(0, took-c.played)
	c.over++
	c.played = 0
	if c.trials > 0 {
		c.trials--
	} else {
		c.alone--
	}
}

// failure is something that went wrong in a run.
type failure struct {
	trial trial // where; the zero value: nowhere in the plan
	err   error
}

func (f failure) Error() string {
	if f.trial == (trial{}) {
		return f.err.Error()
	}
	return fmt.Sprintf("%s: %v", f.trial, f.err)
}

func (f failure) Unwrap() error { return f.err }

// fault keeps something that went wrong: in the record, for the caller of Run
// and for its watcher. Where the deployment or the cell has it, it is recorded already.
func (s *session) fault(t trial, phase string, err error, recorded bool) {
	s.record.Faults = append(s.record.Faults, record.Fault{Target: t.Target, Phase: phase, Round: t.Round, Text: err.Error(), Recorded: recorded})
	s.tell(failure{trial: t, err: err})
}

// tell keeps a failure for the caller of Run, and shows it to its watcher; what happened to
// the target in the same words before is not spelt out again.
func (s *session) tell(f failure) {
	again := slices.ContainsFunc(s.failures, func(before failure) bool {
		return before.trial.Target == f.trial.Target && before.err.Error() == f.err.Error()
	})
	switch {
	case !again:
		s.note("%v", f)
	case f.trial != trial{}:
		s.note("%s: the same error as before", f.trial)
	}
	s.failures = append(s.failures, f)
}

// joinFailures makes one error of all failures, nil when there are none. What happened to
// a target in the same words before is counted and not said again: a server that
// does not come up fails in every round.
func joinFailures(all []failure) error {
	type words struct{ target, text string }
	times := map[words]int{}
	for _, f := range all {
		times[words{f.trial.Target, f.err.Error()}]++
	}
	var told []error
	for _, f := range all {
		key := words{f.trial.Target, f.err.Error()}
		switch n := times[key]; {
		case n == 1:
			told = append(told, f)
		case n > 1:
			told = append(told, fmt.Errorf("%w (and %d times more)", f, n-1))
		}
		delete(times, key)
	}
	return errors.Join(told...)
}
