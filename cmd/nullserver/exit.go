package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes. 2 is left out on purpose: a Go program that panics exits
// with it.
const (
	exitOK      = 0
	exitRuntime = 1
	exitUsage   = 64
)

const exitHelp = `Exit codes:
  0   told to stop
  1   something failed while running, such as a port that is taken
  64  a mistake in the command line`

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
		fmt.Fprintf(stderr, "nullserver: %s\n", strings.TrimSuffix(line, "\n"))
	}
	if errors.As(err, new(usageError)) {
		fmt.Fprintln(stderr, "nullserver: --help says what there is")
		return exitUsage
	}
	return exitRuntime
}

// noArguments is cobra.NoArgs as a usage error.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError{fmt.Errorf("%s takes no arguments, got %q", cmd.Name(), args[0])}
}
