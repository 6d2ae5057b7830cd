package cli

import (
	"errors"
	"slices"
)

// The exit codes of all programs. 2 is left out on purpose: a Go program that panics
// exits with it.
const (
	OK          = 0
	Runtime     = 1
	Usage       = 64
	Interrupted = 130
)

// The exit codes of what servebench found.
const (
	Failed        = 10
	Inconclusive  = 11
	Invalid       = 12
	NotComparable = 13
	NotAvailable  = 20
)

// UsageError is a mistake in the command line that the help of the command explains.
type UsageError struct{ Err error }

func (e UsageError) Error() string { return e.Err.Error() }
func (e UsageError) Unwrap() error { return e.Err }

// ExitError is an error with the code that the program ends with.
type ExitError struct {
	Code int
	Err  error
	// Printed says that stdout has it, so that stderr need not repeat it where both
	// are the same terminal or file.
	Printed bool
}

func (e *ExitError) Error() string { return e.Err.Error() }
func (e *ExitError) Unwrap() error { return e.Err }

// Fail gives errors the code that the program ends with, and joins them; nil where there
// are none.
func Fail(code int, all ...error) error {
	if err := errors.Join(all...); err != nil {
		return &ExitError{Code: code, Err: err}
	}
	return nil
}

// ErrShown stands for errors that the progress of a run has shown already.
var ErrShown = errors.New("the run had errors: see above")

// Worst returns the most severe of some errors (see Fail; one without a code is a Runtime
// failure), with the others' texts in it; nil when all are.
func Worst(all ...error) error {
	most := -1
	var shown []int
	for i, err := range all {
		if err != nil && (most < 0 || severity(err) > severity(all[most])) {
			most = i
		}
		if err != nil && !errors.Is(err, ErrShown) {
			shown = append(shown, i)
		}
	}
	if most < 0 {
		return nil
	}
	if len(shown) == 0 || len(shown) == 1 && shown[0] == most {
		return all[most]
	}
	worst := &ExitError{Code: Runtime}
	errors.As(all[most], &worst)
	var texts []error
	for _, i := range shown {
		texts = append(texts, all[i])
	}
	var only *ExitError
	printed := len(shown) == 1 && errors.As(all[shown[0]], &only) && only.Printed
	return &ExitError{Code: worst.Code, Err: errors.Join(texts...), Printed: printed}
}

// severity orders the codes by which of them ends the program when several
// apply: what the user did comes first, then that a target was not there, then what
// was found, which stays as it is where something failed besides.
func severity(err error) int {
	order := []int{OK, Runtime, Inconclusive, Failed, Invalid, NotComparable, NotAvailable, Usage, Interrupted}
	code := Runtime
	if exit, coded := errors.AsType[*ExitError](err); coded {
		code = exit.Code
	}
	return slices.Index(order, code)
}
