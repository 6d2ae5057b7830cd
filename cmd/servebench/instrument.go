package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"servebench/cmd/cli"
	"servebench/reports/analysis"
	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/trial"
)

// examination plays scenarios that are about servebench itself and leave nothing
// behind. end frees what it holds.
type examination struct {
	interrupted interrupts
	catalogue   scenarios.Catalogue
	dir         string
}

func newExamination(interrupted interrupts) (*examination, error) {
	dir, err := os.MkdirTemp("", "servebench-calibrate-")
	if err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	return &examination{interrupted, catalogue(), dir}, nil
}

func (e *examination) end() error {
	return os.RemoveAll(e.dir)
}

// errInterrupted says that the user ended an examination.
var errInterrupted = errors.New("interrupted: nothing was kept")

// play runs the scenario of a text and hands its analysis on, whose record is on
// disk until use returns.
func (e *examination) play(text []byte, use func(*record.Run, *analysis.Analysis) error) error {
	s, err := scenarios.Parse("servebench's own scenario", text, e.catalogue)
	if err != nil {
		return err
	}
	r := &trial.Runner{Catalogue: e.catalogue, Reference: reference(), Dir: e.dir, Version: cli.Version(), Stop: e.interrupted.stop}
	run, err := r.Run(e.interrupted.ctx, s)
	if e.interrupted.asked() {
		return errInterrupted
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

// analyse analyses a run of the examination.
func analyse(run *record.Run) (*analysis.Analysis, error) {
	a, err := analysis.Analyse(run)
	if err != nil {
		return nil, fmt.Errorf("analyse %s: %w", run.Scenario.Name, err)
	}
	return a, nil
}

// examined gives the error of an examination its exit code.
func examined(err error) error {
	if errors.Is(err, errInterrupted) {
		return &exitError{code: exitInterrupted, err: err}
	}
	return withCode(err)
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
