package scenarios

import (
	"context"
	"errors"
	"fmt"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/attack"
	"servebench/scenarios/corpus"
	"servebench/scenarios/host"
	"servebench/targets"
)

// Runner runs scenarios and records them. It is for one run at a time, since a
// run pins the whole process.
type Runner struct {
	Catalogue Catalogue
	Reference Reference
	// Dir is the folder that gets a folder per run.
	Dir string
	// Raw also keeps vegeta's own result stream of every cell.
	Raw bool
	// Version is servebench's own, Command the command line that repeats the
	// run; both go into the record.
	Version string
	Command []string
	// Stop, when closed, ends the sending; what is in flight is waited for and
	// the rest of the plan is left out. Cancelling Run's context gives up what
	// is in flight as well.
	Stop <-chan struct{}
	// Doubt, when not nil, says why the instrument cannot be believed in a round
	// of the record, for a reason that playing the round again may cure; "" when
	// it can be.
	Doubt func(run *record.Run, round int) (string, error)
	// Observe, when not nil, is told how the run goes. It must not block for
	// long.
	Observe func(Event)
}

// Reference is what a run needs to know of the reference server.
type Reference struct {
	Models []Model
	// Command returns the argument vector that serves a model.
	Command func(model string) ([]string, error)
}

// Model is one model of the reference server, as an oracle for its answers.
type Model struct {
	Name      string
	Generator string // the generator of the examples it takes
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
	scenario *Scenario
	record   *record.Run
	writer   *record.Writer
	workload targets.Workload
	requests *corpus.Corpus
	places   map[string]targets.Target
	split    host.Split
	quiet    []quieting
	// openFiles is the limit of files this process may have open.
	openFiles uint64
	planned   int // rounds, those played again included
	clock     clock
	faults    []error
	// broken says that the record cannot be written any more.
	broken bool
}

// Run plays the scenario and returns its record, which is on disk by then. An
// error beside a record says that the run is not what was planned (a target
// never got ready, a server died) though what was measured is kept; an error
// without one, that nothing was measured. A stopped run has no error; its
// record's Interrupted says so.
func (r *Runner) Run(ctx context.Context, s *Scenario) (*record.Run, error) {
	run := &session{Runner: r, scenario: s}
	if err := run.prepare(ctx); err != nil {
		return nil, fmt.Errorf("prepare %s: %w", s.Name, err)
	}
	var err error
	if run.writer, err = record.Create(r.Dir, run.record); err != nil {
		return nil, fmt.Errorf("create run: %w", err)
	}
	defer run.pin()()
	run.play(ctx)
	run.record.Finished = time.Now()
	run.save()
	return run.record, errors.Join(run.faults...)
}

// stopped reports whether somebody wants the run to end.
func (s *session) stopped(ctx context.Context) bool {
	select {
	case <-s.Stop:
		return true
	default:
		return ctx.Err() != nil
	}
}

// save writes the record as it stands, so that whatever happens next finds it
// on disk.
func (s *session) save() {
	if err := s.writer.Save(s.record); err != nil {
		s.faults = append(s.faults, fmt.Errorf("save run: %w", err))
		s.broken = true
	}
}

// note tells the watcher a line worth keeping.
func (s *session) note(format string, args ...any) {
	s.observe(Event{Note: fmt.Sprintf(format, args...)})
}

func (s *session) observe(e Event) {
	if s.Observe != nil {
		e.Rounds = s.planned
		s.Observe(e)
	}
}

// progress returns the attack's watcher for one phase of a visit.
func (s *session) progress(v visit, phase string) func(attack.Progress) {
	return func(p attack.Progress) {
		s.observe(Event{Target: v.target, Round: v.round, Phase: phase, Left: s.clock.left(p.Elapsed), Load: p})
	}
}
