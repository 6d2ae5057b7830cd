package main

import (
	"errors"
	"slices"

	"servebench/cmd/cli"
)

// The exit codes: those of all programs, and those of verdicts.
const (
	exitOK            = cli.OK
	exitRuntime       = cli.Runtime
	exitFailed        = 10
	exitInconclusive  = 11
	exitInvalid       = 12
	exitNotComparable = 13
	exitNotAvailable  = 20
	exitUsage         = cli.Usage
	exitInterrupted   = cli.Interrupted
)

// exitHelp stands in the help of every command that ends with these codes.
const exitHelp = `Exit codes:
  0    done, and the measurement is VALID; PASS of a gate
  1    something failed while running: a server died, a report could not be written
       (which leaves 10 to 13 as they are)
  10   FAIL of a gate (run --gate, gate, ab): a limit is broken, or the candidate
       is worse
  11   INCONCLUSIVE of a gate: too few data to decide
  12   INVALID: the load generator was the bottleneck, or this machine cannot give
       what it needs, or nothing was measured: there is no result
  13   of compare: the runs are not comparable
  20   a target is not available, or its server never got ready or gave no right
       first answer
  64   a mistake in the command line or in a scenario file
  130  interrupted; what was measured until then is saved
`

// severity orders the codes by which of them ends the program when several
// apply: what the user did comes first, then that a target was not there, then what
// was found, which stays as it is where something failed besides.
func severity(err error) int {
	order := []int{exitOK, exitRuntime, exitInconclusive, exitFailed, exitInvalid, exitNotComparable, exitNotAvailable, exitUsage, exitInterrupted}
	var exit *cli.ExitError
	if !errors.As(err, &exit) {
		return 0
	}
	return slices.Index(order, exit.Code)
}

// errShown stands for errors that the progress of a run has shown already.
var errShown = errors.New("the run had errors: see above")

// shown takes the text of an error of a run away, and keeps its exit code.
func shown(err error) error {
	if exit, coded := errors.AsType[*cli.ExitError](withCode(err)); coded {
		return fail(exit.Code, errShown)
	}
	return nil
}

// worst returns the most severe of the errors, with the others' texts in it;
// nil when all are.
func worst(all ...error) error {
	var most error
	var texts []error
	for _, err := range all {
		if err == nil {
			continue
		}
		if most == nil || severity(err) > severity(most) {
			most = err
		}
		if !errors.Is(err, errShown) {
			texts = append(texts, err)
		}
	}
	if len(texts) == 0 || len(texts) == 1 && texts[0] == most {
		return most
	}
	var exit, only *cli.ExitError
	errors.As(most, &exit)
	printed := len(texts) == 1 && errors.As(texts[0], &only) && only.Printed
	return &cli.ExitError{Code: exit.Code, Err: errors.Join(texts...), Printed: printed}
}

// fail gives errors the code that the program ends with, and joins them; nil where there
// are none.
func fail(code int, all ...error) error {
	if err := errors.Join(all...); err != nil {
		return &cli.ExitError{Code: code, Err: err}
	}
	return nil
}
