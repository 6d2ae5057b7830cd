// Package ab compares two servers, A (the baseline) and B (the candidate): it
// understands how they are named, makes their programs, knows the noise of this machine,
// and plays the test or goes on with one. Package trial makes its rounds, and the
// statistics of the reports judge its record.
package ab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"servebench/reports/analysis/ab"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/calibration"
	"servebench/scenarios/decode"
	"servebench/scenarios/secret"
	"servebench/scenarios/trial"
)

// UsageError is a mistake in what the user named or asked for.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// interrupted says that the user ended a test that had not begun; it is a
// context.Canceled.
type interrupted struct{}

func (interrupted) Error() string        { return "interrupted before anything was measured" }
func (interrupted) Is(target error) bool { return target == context.Canceled }

// Test is an A/B test under way.
type Test struct {
	// Runner plays it. Its Command and Calibration are set by the test.
	Runner trial.Runner
	// ReferenceServer finds the program of the reference server.
	ReferenceServer func() (string, error)
	// Note is told what is worth keeping, without secrets.
	Note func(string)
	// Interim is told how the test stands at each interim analysis, before its note.
	Interim func(standing string)

	scenario *scenarios.Scenario // the baseline's
	servers  []trial.Server      // the baseline's first
	closers  []func() error      // of what they are made from
	secrets  *secret.Keeper      // of both
}

// Options are what a new test compares, and how.
type Options struct {
	Specs     []Spec // the baseline's first, as its scenario
	Scenarios []*scenarios.Scenario
	Same      bool   // it is a test of a server with itself
	Forget    bool   // the noise floor that is kept
	Build     string // the shell command that builds a revision
	// Command is the command line that repeats the test.
	Command func(*secret.Keeper) []string
}

// Close removes what the servers were made from.
func (t *Test) Close() error {
	var faults []error
	for _, close := range t.closers {
		faults = append(faults, close())
	}
	return errors.Join(faults...)
}

// note tells a line worth keeping.
func (t *Test) note(format string, args ...any) {
	t.Note(t.secrets.Redact(fmt.Sprintf(format, args...)))
}

// Run plays a new test.
func (t *Test) Run(ctx context.Context, o Options) (*record.Run, error) {
	preparing, cancel := t.preparing(ctx)
	defer cancel()
	t.scenario = o.Scenarios[0]
	for _, s := range o.Scenarios {
		s.Secrets.Scan(o.Build, true)
		t.secrets = t.secrets.With(s.Secrets)
	}
	plan, err := t.plan(o)
	if err != nil {
		return nil, err
	}
	for i, key := range []string{record.Baseline, record.Candidate} {
		spec := o.Specs[i]
		if spec.Guess != "" {
			t.note("%s", spec.Guess)
		}
		from := source{how: spec.how, value: spec.value, folder: ".", build: o.Build, key: key}
		if err := t.addServer(preparing, from, o.Scenarios[i], spec.String()); err != nil {
			return nil, err
		}
	}
	t.prepareRunner(o.Command(t.secrets))
	return t.Runner.ABTest(ctx, t.servers[0], t.servers[1], plan, t.decide)
}

// plan is how a new test is judged, with the noise of this machine. A margin that is
// lost in that is refused.
func (t *Test) plan(o Options) (record.ABTest, error) {
	plan, err := Plan(t.scenario, o.Same)
	if err != nil {
		return plan, &UsageError{err}
	}
	if o.Forget {
		if err := forgetNoise(t.Runner.Version, t.scenario); err != nil {
			return plan, err
		}
	}
	kept, err := knownNoise(t.Runner.Version, t.scenario)
	if err != nil {
		return plan, err
	}
	plan.Noise = kept.Noise
	if err := aboveNoise(plan, kept); err != nil {
		return plan, &UsageError{err}
	}
	return plan, nil
}

// Continue goes on with the test in the folder of a run, up to so many rounds in all; 0
// are as many as were planned. The settings are secrets that were not recorded, and have
// to change nothing.
func (t *Test) Continue(ctx context.Context, dir string, rounds int, set []decode.Setting) (*record.Run, error) {
	run, err := record.Open(dir)
	if err != nil {
		return nil, &UsageError{err}
	}
	if run.AB == nil {
		return nil, &UsageError{fmt.Errorf("--continue %s: it is no A/B test; want the folder of a run of servebench ab", dir)}
	}
	interims, err := further(run, rounds)
	if err != nil {
		return nil, &UsageError{fmt.Errorf("--continue %s: %w", dir, err)}
	}
	preparing, cancel := t.preparing(ctx)
	defer cancel()
	for _, variant := range []record.Variant{run.AB.Baseline, run.AB.Candidate} {
		if build := variant.Facts.Named(factBuild).Value; secret.Marked(build) {
			return nil, &UsageError{fmt.Errorf("--continue %s: a secret in the command that builds the %s was not recorded: %s; begin a new A/B test whose --build takes it from the environment, as $NAME", dir, variant.Target, build)}
		}
		s, err := scenarios.Parse(variant.Target+"'s scenario", []byte(variant.Text), t.Runner.Catalogue, set...)
		if err != nil {
			return nil, &UsageError{err}
		}
		t.secrets = t.secrets.With(s.Secrets)
		if err := t.addServer(preparing, recall(variant), s, variant.Source); err != nil {
			return nil, err
		}
	}
	t.scenario = t.servers[0].Scenario
	t.prepareRunner(run.Command)
	return t.Runner.Continue(ctx, dir, t.servers[0], t.servers[1], interims, t.decide)
}

// preparing returns a context that the first interrupt ends: as long as nothing is
// measured, there is nothing to wait for.
func (t *Test) preparing(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	go func() {
		select {
		case <-t.Runner.Stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// addServer makes a server, which lasts until the test is closed; as is how it was named.
func (t *Test) addServer(ctx context.Context, from source, s *scenarios.Scenario, as string) error {
	server, close, err := t.prepare(ctx, from, s)
	server.Source = as
	t.servers, t.closers = append(t.servers, server), append(t.closers, close)
	if ctx.Err() != nil {
		return interrupted{}
	}
	return t.secrets.Error(err)
}

// prepareRunner makes the runner ready; command is the command line that repeats the test.
func (t *Test) prepareRunner(command []string) {
	var err error
	t.Runner.Command = command
	if t.Runner.Calibration, err = calibration.Kept(t.Runner.Version, t.scenario.Limits.WholeCPUs()); err != nil {
		t.note("%v; going on without it", err)
	}
}

// decide judges an A/B test at an interim analysis, and says how it stands.
func (t *Test) decide(run *record.Run) (bool, error) {
	for i, server := range t.servers {
		if err := unchanged(server); err != nil {
			return false, fmt.Errorf("%s: %w", []string{record.Baseline, record.Candidate}[i], err)
		}
	}
	so, err := ab.SoFar(run)
	if err != nil {
		return false, err
	}
	standing := Standing(so)
	t.Interim(standing)
	next := ""
	if interims := run.AB.Interims; !so.Decided() && so.Interim < len(interims) {
		next = fmt.Sprintf("; next interim analysis after round %d", interims[so.Interim].Pairs)
	}
	t.note("interim analysis %d of %d, after round %d: %s%s", so.Interim, len(run.AB.Interims), run.Scenario.Rounds, standing, next)
	return so.Decided(), nil
}

// Standing is how an A/B test stands, in a line: "p50 +1.2 % [−0.5 %, 3.1 %], p90 …".
func Standing(so *ab.Result) string {
	var parts []string
	for _, m := range so.Metrics {
		name := m.Name
		if slices.ContainsFunc(so.Metrics, func(o ab.Metric) bool { return o.Phase != m.Phase }) {
			name = m.Phase + " " + name
		}
		parts = append(parts, fmt.Sprintf("%s %s %s", name, format.Change(m.Ratio), sentence.MetricBounds(m)))
	}
	return strings.Join(parts, ", ")
}
