// Command benchpeers puts servebench's attack beside other load generators: the
// same server, the same CPUs, rounds in shuffled order. It measures what a request
// costs the generator, how punctually requests leave it, and what it reports of a
// server that stalls, and says whether servebench keeps to its goals.
//
// The way of a figure: a plan (plan.go) orders the trials; a trial starts a server
// of its own (serve.go) on one CPU and the tool (tool.go and a file for each) on
// another, and reads what both saw (trial.go); the report (report.go, goals.go)
// makes medians of the rounds.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"servebench/cmd/exit"

	"github.com/spf13/cobra"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program: it returns the exit code. SIGINT and SIGTERM end it,
// and with it every process that it started.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	context.AfterFunc(ctx, stop)
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return exit.Report("benchpeers", root.ExecuteContext(ctx), stderr)
}

// newRoot makes the command line.
func newRoot() *cobra.Command {
	var o options
	root := &cobra.Command{
		Use:   "benchpeers",
		Short: "Compare servebench with other load generators",
		Long: `benchpeers drives the same server with servebench and with other load generators,
the server on one CPU and the generator on another, in rounds of shuffled order:
a closed loop of 16 connections (CPU per request), open loops (rate held, and how
late requests arrive), and a server that stalls once (each tool's p99 beside the
truth). A tool that is missing or fails is a row that says why.

The table goes to stdout, progress to stderr; the table and every trial are written
into a folder of their own.

` + exitHelp,
		Example: `  benchpeers
  benchpeers --tools servebench,wrk --loads closed --rounds 5`,
		Args:              exit.NoArguments,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return compare(cmd.Context(), &o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	root.SetFlagErrorFunc(exit.FlagError)
	o.flags(root.Flags())
	root.AddCommand(serveCommand())
	return root
}
