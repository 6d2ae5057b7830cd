// Package exit ends the programs beside servebench alike: with the same codes,
// and with what went wrong on stderr.
package exit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes, which mean the same as servebench's. 2 is left out on purpose:
// a Go program that panics exits with it.
const (
	OK          = 0
	Runtime     = 1
	Usage       = 64
	Interrupted = 130
)

// UsageError is a mistake in the command line.
type UsageError struct{ Err error }

func (e UsageError) Error() string { return e.Err.Error() }
func (e UsageError) Unwrap() error { return e.Err }

// Report says what went wrong, each line led by the program's name, and returns
// the exit code: OK without an error, Usage of a UsageError, Interrupted of
// context.Canceled, else Runtime.
func Report(program string, err error, stderr io.Writer) int {
	if err == nil {
		return OK
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(stderr, "%s: %s\n", program, strings.TrimSuffix(line, "\n"))
	}
	switch {
	case errors.As(err, new(UsageError)):
		fmt.Fprintf(stderr, "%s: --help says what there is\n", program)
		return Usage
	case errors.Is(err, context.Canceled):
		return Interrupted
	}
	return Runtime
}

// FlagError is cobra's flag error as a usage error, see Explain.
func FlagError(cmd *cobra.Command, err error) error { return UsageError{Err: Explain(cmd, err)} }

// NoArguments is cobra.NoArgs as a usage error, which proposes commands with a
// similar name where there are commands.
func NoArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasSubCommands() {
		return UsageError{Err: fmt.Errorf("%s takes no arguments, got %q", cmd.CommandPath(), args[0])}
	}
	problem := fmt.Sprintf("unknown command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		problem += ", did you mean " + strings.Join(near, " or ") + "?"
	}
	return UsageError{Err: errors.New(problem)}
}

// Arguments takes from least to most arguments; its error quotes the usage line. most
// below 0: any number.
func Arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= least && (most < 0 || len(args) <= most) {
			return nil
		}
		got := "nothing"
		if len(args) > 0 {
			got = fmt.Sprintf("%q", args)
		}
		return UsageError{Err: fmt.Errorf("want %s, got %s after %s", cmd.UseLine(), got, cmd.Name())}
	}
}
