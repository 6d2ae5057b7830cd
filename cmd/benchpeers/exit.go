package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes, those of servebench. 2 is left out on purpose: a Go program that
// panics exits with it.
const (
	exitOK          = 0
	exitRuntime     = 1
	exitUsage       = 64
	exitInterrupted = 130
)

const exitHelp = `Exit codes:
  0    measured; whether the goals hold is said in the table
  1    something failed while running: no second CPU, a server that did not start
  64   a mistake in the command line
  130  interrupted; what was measured is saved`

// usageError is a mistake in the command line.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// report says what went wrong and returns the exit code.
func report(err error, stderr io.Writer) int {
	if err == nil {
		return exitOK
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(stderr, "benchpeers: %s\n", strings.TrimSuffix(line, "\n"))
	}
	switch {
	case errors.As(err, new(usageError)):
		fmt.Fprintln(stderr, "benchpeers: --help says what there is")
		return exitUsage
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitRuntime
}

// noArguments is cobra.NoArgs as a usage error.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError{fmt.Errorf("%s takes no arguments, got %q", cmd.CommandPath(), args[0])}
}
