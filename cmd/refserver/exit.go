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
  0   done; for a server: told to stop, and every request was answered
  1   something failed while running: the port is taken, requests were cut off
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
		fmt.Fprintf(stderr, "refserver: %s\n", strings.TrimSuffix(line, "\n"))
	}
	if errors.As(err, new(usageError)) {
		fmt.Fprintln(stderr, "refserver: --help says what there is")
		return exitUsage
	}
	return exitRuntime
}

// noArguments is cobra.NoArgs as a usage error, which proposes commands with a
// similar name.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasSubCommands() {
		return usageError{fmt.Errorf("%s takes no arguments, got %q", cmd.CommandPath(), args[0])}
	}
	problem := fmt.Sprintf("unknown command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		problem += ", did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError{errors.New(problem)}
}
