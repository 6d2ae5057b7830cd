package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// The exit codes, the same as refserver's. 2 is left out
// on purpose: a Go program that panics exits with it.
const (
	exitOK      = 0
	exitRuntime = 1
	exitUsage   = 64
)

const exitHelp = `Exit codes:
  0   told to stop, and nothing is left
  1   something failed while running: the address is taken, no sandbox can be had
  64  a mistake in the command line`

// usageError is a mistake in the command line.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// errArguments says where a function's arguments belong.
func errArguments(first string) error {
	return fmt.Errorf("argument %q: the function is named by --function, and its arguments stand after --", first)
}

// report says what went wrong and returns the exit code.
func report(err error, stderr io.Writer) int {
	if err == nil {
		return exitOK
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(stderr, "locallambda: %s\n", strings.TrimSuffix(line, "\n"))
	}
	if errors.As(err, new(usageError)) {
		fmt.Fprintln(stderr, "locallambda: --help says what there is")
		return exitUsage
	}
	return exitRuntime
}
