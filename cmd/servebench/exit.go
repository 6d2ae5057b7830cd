package main

import "fmt"

// The exit codes. 2 is left out on purpose: a Go program that panics exits
// with it.
const (
	exitOK           = 0
	exitRuntime      = 1
	exitInvalid      = 12
	exitNotAvailable = 20
	exitUsage        = 64
	exitInterrupted  = 130
)

// exitHelp stands in the help of every command that ends with these codes.
const exitHelp = `Exit codes:
  0    done, and the instrument can be believed
  1    something failed while running: a server died, a file could not be written
  12   INVALID: the load generator was the bottleneck, the figures say nothing
  20   a target is not available, or never got ready
  64   a mistake in the command line or in a scenario file
  130  interrupted; what was measured until then is saved
`

// exitError is an error with the code that the program ends with.
type exitError struct {
	code int
	err  error // nil: everything was said already
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usageError marks a user's mistake in the command line or a scenario file.
func usageError(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code: exitUsage, err: err}
}

// runtimeError marks what failed while the command did its work.
func runtimeError(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code: exitRuntime, err: err}
}
