// Package trial plays a scenario: it deploys the server on each target, drives
// every phase of load at it in every round, reruns what the instrument was
// disturbed in, and leaves a record behind. It stands between the scenario and
// the record.
package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/arrivals"
	"servebench/scenarios/attack"
	"servebench/scenarios/decode"
	"servebench/scenarios/host"
	"servebench/scenarios/secret"
)

// Runner runs scenarios and records them. It is for one run at a time, since a
// run pins the whole process.
type Runner struct {
	Catalogue scenarios.Catalogue
	Reference Reference
	// Asked says that the user named the scenario's targets; see record.Target.
	Asked bool
	// Dir is the folder that gets a folder per run.
	Dir string
	// Raw also keeps vegeta's own result stream of every cell.
	Raw bool
	// Version is servebench's own, Command the command line that repeats the
	// run; both go into the record.
	Version string
	Command []string
	// Calibration is what the load generator was found to be able to do on the CPUs
	// that it has in this run, for the record; nil: it is not known.
	Calibration *record.Calibration
	// Stop, when closed, ends the sending; what is in flight is waited for and
	// the rest of the plan is left out. Cancelling Run's context gives up what
	// is in flight as well.
	Stop <-chan struct{}
	// Diagnose, when not nil, says why the instrument cannot be believed in a trial
	// of the record, for a reason that rerunning the trial may cure; "" when
	// it can be.
	Diagnose func(run *record.Run, trial record.Trial) (string, error)
	// Observe, when not nil, is told how the run goes. It must not block for
	// long.
	Observe func(Event)
}

// Reference is what a run needs to know of the reference server.
type Reference struct {
	Models []Model
	// Command returns the argument vector that serves the models that a scenario
	// asks for.
	Command func(*scenarios.Scenario) ([]string, error)
}

// Model is one model of the reference server, as an oracle for its answers.
type Model struct {
	Name string
	// Generator is the one of the examples it takes; "": it takes any and does
	// not look at them, so that its answers are not compared with their labels.
	Generator string
	// Predict returns the probability of class 1: what a right answer says.
	Predict func(features []float32) float32
}

// NotAvailableError says that none of the scenario's targets can run here, or
// that one that can never became ready.
type NotAvailableError struct{ Err error }

func (e *NotAvailableError) Error() string { return e.Err.Error() }
func (e *NotAvailableError) Unwrap() error { return e.Err }

// session is one run under way.
type session struct {
	*Runner
	scenario *scenarios.Scenario
	record   *record.Run
	writer   *record.Writer
	// output is that of the server of the present trial, and kept what writes it.
	output    *record.Output
	kept      *secret.Writer
	variants  []*variant         // that can run here, in the record's order
	processes []arrivals.Process // of the phases' arrivals; nil of a closed loop
	rounds    int                // as planned
	interim   int                // of an A/B test, from 1: which the rounds lead to
	since     int                // the round that a run is continued from; 0: it is not continued
	split     host.Split
	quiet     []quieting
	// openFiles is the limit of files this process may have open.
	openFiles uint64
	clock     clock
	failures  []failure
	// broken says that the record cannot be written any more.
	broken bool
	// secrets are those of all variants.
	secrets *secret.Keeper
}

// Run plays the scenario and returns its record, which is on disk by then. An
// error beside a record says that the run is not what was planned (a target
// never got ready, a server died) though what was measured is kept; an error
// without one, that nothing was measured. A stopped run has no error; its
// record's Interrupted says so. Nor has one that this machine cannot give what it
// needs, which was not played; its record's Preflight says so.
func (r *Runner) Run(ctx context.Context, s *scenarios.Scenario) (*record.Run, error) {
	run := &session{Runner: r, scenario: s, rounds: s.Rounds, secrets: s.Secrets}
	if err := run.unlessStopped(ctx, run.prepare); err != nil {
		if _, of := errors.AsType[decode.Faults](err); !of { // which say where they are
			err = fmt.Errorf("prepare %s: %w", s.Name, err)
		}
		return nil, s.Secrets.Error(err)
	}
	run.record.Preflight = run.preflight()
	var err error
	if run.writer, err = record.Create(r.Dir, run.record); err != nil {
		return nil, fmt.Errorf("create run: %w", err)
	}
	defer run.writer.Close()
	if len(run.record.Preflight) == 0 {
		defer run.pin()()
		run.play(ctx)
	}
	run.record.Finished = time.Now()
	run.save()
	return run.record, run.secrets.Error(join(run.failures))
}

// unlessStopped does what comes before the first server is started. When the user stops
// the run, or ctx ends, it gives that up: what does not heed its context goes on until
// the process ends, and the session is of no use any more.
func (s *session) unlessStopped(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := s.untilStopped(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case <-done: // what heeds it leaves nothing behind
	case <-time.After(giveUpTime):
	}
	return stoppedBefore{}
}

// giveUpTime is how long what is given up has to clear up.
const giveUpTime = 2 * time.Second

// stoppedBefore says that the user stopped the run before anything was measured. It is
// context.Canceled in other words.
type stoppedBefore struct{}

func (stoppedBefore) Error() string        { return "stopped before anything was measured" }
func (stoppedBefore) Is(target error) bool { return target == context.Canceled }

// stopped reports whether somebody wants the run to end.
func (s *session) stopped(ctx context.Context) bool {
	select {
	case <-s.Stop:
		return true
	default:
		return ctx.Err() != nil
	}
}

// interrupted records what of the plan the run was stopped in or before.
func (s *session) interrupted(format string, args ...any) {
	s.record.Interrupted = "stopped " + fmt.Sprintf(format, args...)
}

// where says how far in the plan a trial is: "physical in round 2 of 5".
func (s *session) where(v trial) string {
	if v.alone > 0 {
		return fmt.Sprintf("%s in deployment %d of %d", v.target, v.alone, s.scenario.ColdStarts)
	}
	return fmt.Sprintf("%s in round %d of %d%s", v.target, v.round, s.rounds, v.again())
}

// save writes the record as it stands, so that whatever happens next finds it
// on disk.
func (s *session) save() {
	if err := s.writer.Save(s.record); err != nil {
		s.failures = append(s.failures, failure{err: fmt.Errorf("save run: %w", err)})
		s.broken = true
	}
}

// note tells the watcher a line worth keeping.
func (s *session) note(format string, args ...any) {
	s.observe(Event{Note: fmt.Sprintf(format, args...)})
}

func (s *session) observe(e Event) {
	if s.Observe != nil {
		e.Rounds = s.rounds
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
}

// progress returns the attack's watcher for one phase of a trial.
func (s *session) progress(v trial, phase string) func(attack.Progress) {
	return func(p attack.Progress) {
		e := v.event()
		e.Phase, e.Left, e.Load = phase, s.clock.left(p.Elapsed), p
		s.observe(e)
	}
}
