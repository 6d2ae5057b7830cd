// Package selftest plays scenarios that are about servebench itself: how high a rate the
// load generator is VALID at and its floor, whether it measures what is true, and whether
// A/B tests say what they should. It leaves nothing behind.
package selftest

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"

	"servebench/reports/analysis"
	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/trial"
)

// Player plays scenarios in a folder that is removed by Close.
type Player struct {
	runner trial.Runner
	say    func(format string, args ...any)
}

// NewPlayer makes a player that plays with a runner, whose Dir it sets. say is told how it
// goes.
func NewPlayer(runner trial.Runner, say func(format string, args ...any)) (*Player, error) {
	var err error
	if runner.Dir, err = os.MkdirTemp("", "servebench-calibrate-"); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	return &Player{runner, say}, nil
}

// Close removes the folder.
func (p *Player) Close() error { return os.RemoveAll(p.runner.Dir) }

// InvalidError says that the load generator could not be believed.
type InvalidError struct{ Err error }

func (e *InvalidError) Error() string { return e.Err.Error() }
func (e *InvalidError) Unwrap() error { return e.Err }

// interrupted says that the user ended a test; it is a context.Canceled.
type interrupted struct{}

func (interrupted) Error() string        { return "interrupted: nothing was kept" }
func (interrupted) Is(target error) bool { return target == context.Canceled }

// stopped reports whether the user ended the test.
func (p *Player) stopped() bool {
	select {
	case <-p.runner.Stop:
		return true
	default:
		return false
	}
}

// play runs the scenario of a text and hands its analysis on, whose record is on
// disk until use returns.
func (p *Player) play(ctx context.Context, text []byte, use func(*record.Run, *analysis.Analysis) error) error {
	s, err := scenarios.Parse("servebench's own scenario", text, p.runner.Catalogue)
	if err != nil {
		return err
	}
	r := p.runner
	r.Diagnose = nil // so that what is INVALID is not rerun
	run, err := r.Run(ctx, s)
	if p.stopped() {
		return interrupted{}
	}
	if err != nil {
		return err
	}
	defer os.RemoveAll(run.Dir)
	a, err := analyse(run)
	if err != nil {
		return err
	}
	return use(run, a)
}

// analyse analyses a run of the player.
func analyse(run *record.Run) (*analysis.Analysis, error) {
	a, err := analysis.Analyse(run)
	if err != nil {
		return nil, fmt.Errorf("scenario %s: %w", run.Scenario.Name, err)
	}
	return a, nil
}

// whyInvalid names the errors of an analysis, and says what to do about the
// first; both are "" when it is VALID.
func whyInvalid(a *analysis.Analysis) (why, action string) {
	var texts []string
	for _, d := range a.Diagnostics {
		if d.Severity == record.SeverityError {
			texts = append(texts, d.Figure)
			action = cmp.Or(action, d.Action)
		}
	}
	return strings.Join(texts, "; "), action
}
