// Package cli is how this project's programs behave on the command line: they are
// run alike, end with the same codes, and say on stderr what went wrong and what
// would be right.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
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

// Execute runs a program's command line, and returns the exit code.
func Execute(ctx context.Context, root *cobra.Command, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(flagError)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return report(root.Name(), root.ExecuteContext(ctx), stderr)
}

// UsageError is a mistake in the command line.
type UsageError struct{ Err error }

func (e UsageError) Error() string { return e.Err.Error() }
func (e UsageError) Unwrap() error { return e.Err }

// report says what went wrong, each line led by the program's name, and returns
// the exit code: OK without an error, Usage of a UsageError, Interrupted of
// context.Canceled, else Runtime.
func report(program string, err error, stderr io.Writer) int {
	if err == nil {
		return OK
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(stderr, "%s: %s\n", program, strings.TrimSuffix(line, "\n"))
	}
	switch {
	case errors.As(err, new(UsageError)):
		fmt.Fprintf(stderr, "run '%s --help' for usage\n", program)
		return Usage
	case errors.Is(err, context.Canceled):
		return Interrupted
	}
	return Runtime
}

// flagError is cobra's flag error as a usage error, see Explain.
func flagError(cmd *cobra.Command, err error) error { return UsageError{Err: Explain(cmd, err)} }

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

// Version is the version that the build stamped: the module's where it was installed as
// one, else the commit it was built from, else "devel".
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	revision := settings["vcs.revision"]
	switch {
	case info.Main.Version != "" && info.Main.Version != "(devel)":
		return info.Main.Version
	case len(revision) < 12:
		return "devel"
	case settings["vcs.modified"] == "true":
		return "devel-" + revision[:12] + "-modified"
	}
	return "devel-" + revision[:12]
}

// VersionCommand prints the version of a program.
func VersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s %s %s\n", cmd.Root().Name(), Version(), runtime.Version())
			return err
		},
	}
}
