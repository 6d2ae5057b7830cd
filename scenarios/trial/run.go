// Package trial plays a scenario: it deploys the server on each target, drives
// every phase of load at it in every round, reruns what the instrument was
// disturbed in, and leaves a record behind. It stands between the scenario and
// the record.
package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"servebench/generators/drift"
	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/arrivals"
	"servebench/scenarios/decode"
	"servebench/scenarios/host"
	"servebench/scenarios/preflight"
	"servebench/scenarios/requests"
	"servebench/scenarios/secret"
	"servebench/targets"
	"servebench/targets/image"
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
	// Diagnose, when not nil, says why the measurement is not valid in a trial
	// of the record, for a reason that rerunning the trial may cure; "" when
	// it can be.
	Diagnose func(run *record.Run, trial record.Trial) (string, error)
	// Observe, when not nil, is told how the run goes. It must not block for
	// long.
	Observe func(Event)
}

// Reference is what a run needs to know of the reference server.
type Reference struct {
	Models []requests.Model // that are built in
	// Open reads the model in a file, under a name.
	Open func(name, path string) (requests.Model, error)
	// Command returns the argument vector that serves the models that a scenario
	// asks for.
	Command func(*scenarios.Scenario) ([]string, error)
	// Train returns the argument vector that trains a model on the examples in a file, and
	// writes it to another.
	Train func(sc *scenarios.Scenario, data, model string) ([]string, error)
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
	events    *eventLog          // of its deployment
	variants  []*variant         // that can run here, in the record's order
	targets   []targets.Target   // of them, each once
	processes []arrivals.Process // of the phases' arrivals; nil of a closed loop
	rounds    int                // as planned
	profile   *drift.Profile     // of a file that a monitor compares with; nil: there is none
	first     firstPhase         // what a monitor saw of the first phase
	swaps     *swaps             // of the model of the present trial; nil: there were none
	searched  scenarios.Phase    // of a search: whose requests are sent, at rates of its steps
	interim   int                // of an A/B test, from 1: which the rounds lead to
	since     int                // the round that a run is continued from; 0: it is not continued
	split     host.Split
	quiet     []quieting
	awake     time.Duration // CPU time that it took so far to keep CPUs awake
	openFiles uint64        // that this process may have
	clock     clock
	failures  []failure
	// neverReady has the targets whose first start took as long as it may: another one would
	// do the same, and their later trials are left out.
	neverReady []string
	broken     bool           // the record cannot be written any more
	secrets    *secret.Keeper // of all variants, and of their credentials
	images     io.Closer      // keeps the images that are kept from being removed; nil: nothing does
}

// Run plays the scenario and returns its record, which is on disk by then. An
// error beside a record says that the run is not what was planned (a target
// never got ready, a server died) though what was measured is kept, and its watcher
// was told; an error without one, that nothing was measured. A stopped run has no error; its
// record's Interrupted says so. Nor has one that this machine cannot give what it
// needs, which was not played; its record's Preflight says so.
func (r *Runner) Run(ctx context.Context, sc *scenarios.Scenario) (*record.Run, error) {
	s := &session{Runner: r, scenario: sc, rounds: sc.Rounds, secrets: sc.Secrets.With(nil)}
	if err := s.unlessStopped(ctx, s.prepare); err != nil {
		if _, of := errors.AsType[decode.Faults](err); !of { // which say where they are
			err = fmt.Errorf("prepare %s: %w", sc.Name, err)
		}
		return nil, s.secrets.Error(err)
	}
	if err := s.createRecord(); err != nil {
		return nil, err
	}
	return s.playAndSave(ctx, func() { s.playRounds(ctx) })
}

func (s *session) createRecord() (err error) {
	s.record.Preflight = s.preflight()
	s.writer, err = record.Create(s.Dir, s.record)
	return err
}

func (s *session) preflight() []record.Diagnostic {
	return preflight.Load{Scenario: s.scenario, Processes: s.processes, Catalogue: s.Catalogue, OpenFiles: s.openFiles, Split: s.split}.Check()
}

// playAndSave plays unless the preflight speaks against it.
func (s *session) playAndSave(ctx context.Context, play func()) (*record.Run, error) {
	defer s.writer.Close()
	defer s.releaseImages(ctx)
	if len(s.record.Preflight) == 0 {
		defer s.pinGenerator()()
		play()
		s.closeTargets(ctx)
	}
	s.record.Finished = time.Now()
	s.save()
	return s.record, s.secrets.Error(joinFailures(s.failures))
}

// releaseImages lets go of the images that are kept, and removes those that were not used for
// long.
func (s *session) releaseImages(ctx context.Context) {
	if s.images == nil {
		return
	}
	_ = s.images.Close() // a lock
	if ctx.Err() != nil {
		return
	}
	trimmed, err := image.Trim(ctx)
	if err != nil {
		s.note("%v", err)
	}
	if trimmed.Images > 0 {
		s.note("removed %s", trimmed)
	}
}

// save writes the record as it stands, so that whatever happens next finds it
// on disk.
func (s *session) save() {
	if err := s.writer.Save(s.record); err != nil {
		s.tell(failure{err: fmt.Errorf("save run: %w", err)})
		s.broken = true
	}
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
	return stoppedEarly{}
}

// giveUpTime is how long what is given up has to clear up.
const giveUpTime = 2 * time.Second

// stoppedEarly says that the user stopped the run before anything was measured. It is
// context.Canceled in other words.
type stoppedEarly struct{}

func (stoppedEarly) Error() string        { return "stopped before anything was measured" }
func (stoppedEarly) Is(target error) bool { return target == context.Canceled }

func (s *session) untilStopped(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-s.Stop:
			cancel(errors.New("stopped by the user"))
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

func (s *session) stopped(ctx context.Context) bool {
	select {
	case <-s.Stop:
		return true
	default:
		return ctx.Err() != nil
	}
}

// stoppedBefore reports whether somebody wants the run to end before a trial, and
// records it.
func (s *session) stoppedBefore(ctx context.Context, t trial) bool {
	if !s.stopped(ctx) {
		return false
	}
	s.recordInterruption("before %s", s.where(t))
	return true
}

func (s *session) recordInterruption(format string, args ...any) {
	s.record.Interrupted = "stopped " + fmt.Sprintf(format, args...)
}

func (s *session) planOver() bool { return s.record.Interrupted != "" || s.broken }
