// Package cli is how this project's programs behave on the command line: they are
// run alike, end with the same codes, and say on stderr what went wrong and what
// would be right.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
)

// Execute runs a program's command line, and returns the exit code.
func Execute(ctx context.Context, root *cobra.Command, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.InitDefaultHelpCmd()
	if help, _, err := root.Find([]string{"help"}); err == nil && help != root {
		help.Args = knownTopic
	}
	cmd, err := root.ExecuteContextC(ctx)
	return report(cmd, err, stdout, stderr)
}

// report says what went wrong and returns the exit code: OK without an error, that of an
// ExitError, Usage of a UsageError, Interrupted of context.Canceled, else Runtime.
func report(cmd *cobra.Command, err error, stdout, stderr io.Writer) int {
	if err == nil {
		return OK
	}
	exit, coded := errors.AsType[*ExitError](err)
	if !coded || !exit.Printed || !sameFile(stdout, stderr) {
		Say(stderr, cmd.Root().Name(), err.Error())
	}
	switch {
	case coded:
		return exit.Code
	case errors.As(err, new(UsageError)):
		fmt.Fprintf(stderr, "run '%s --help' for usage\n", cmd.CommandPath())
		return Usage
	case errors.Is(err, context.Canceled):
		return Interrupted
	}
	return Runtime
}

// Say writes a message, each line led by the program's name unless it is indented, which
// continues the line before it, and without control characters.
func Say(stderr io.Writer, program, message string) {
	for line := range strings.Lines(message) {
		if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
			line = program + ": " + line
		}
		fmt.Fprintln(stderr, harmless(strings.TrimSuffix(line, "\n")))
	}
}

// harmless takes out of a message what a terminal would act upon, such as the colours in a
// server's output that it quotes.
func harmless(line string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsGraphic(c) && c != '\t' {
			return ' '
		}
		return c
	}, line)
}

// sameFile reports whether both write to one terminal, file or pipe.
func sameFile(a, b io.Writer) bool {
	one, ok1 := a.(*os.File)
	other, ok2 := b.(*os.File)
	if !ok1 || !ok2 {
		return false
	}
	of, err1 := one.Stat()
	against, err2 := other.Stat()
	return err1 == nil && err2 == nil && os.SameFile(of, against)
}

// flagError is cobra's flag error as a usage error, see Explain.
func flagError(cmd *cobra.Command, err error) error { return UsageError{Err: Explain(cmd, err)} }

// NoArguments is cobra.NoArgs as a usage error, which names the commands where there are
// some, and proposes those with a similar name.
func NoArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasSubCommands() {
		return UsageError{Err: fmt.Errorf("%s takes no arguments, got %q", cmd.CommandPath(), args[0])}
	}
	cmd.SuggestionsMinimumDistance = 2
	var names []string
	for _, child := range cmd.Commands() {
		if child.IsAvailableCommand() {
			names = append(names, child.Name())
		}
	}
	return UsageError{Err: fmt.Errorf("unknown command %q%s; want one of %s", args[0], didYouMean(cmd.SuggestionsFor(args[0])), strings.Join(names, ", "))}
}

// knownTopic refuses help about a command that does not exist.
func knownTopic(cmd *cobra.Command, args []string) error {
	topic, rest, err := cmd.Root().Find(args)
	if err == nil && topic.HasSubCommands() {
		err = NoArguments(topic, rest)
	}
	return err
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

// Group returns a command that only holds others: without one of them it is a
// mistake, not a success.
func Group(use, short string, children ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: NoArguments}
	var names []string
	for _, child := range children {
		names = append(names, child.Name())
	}
	cmd.RunE = func(*cobra.Command, []string) error {
		return UsageError{Err: fmt.Errorf("%s: missing subcommand: use one of %s", use, strings.Join(names, ", "))}
	}
	cmd.AddCommand(children...)
	return cmd
}

// PrintAs writes a document as JSON, or its text.
func PrintAs(w io.Writer, output string, document any, text func(io.Writer) error) error {
	if output != "json" {
		return text(w)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(document)
}

// didYouMean is a hint at the names that were probably meant, after a space.
func didYouMean(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", strings.Join(names, " or "))
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
