// Command benchpeers compares servebench's load engine with other load generators:
// the same server, the same CPUs, rounds in shuffled order. It measures what a request
// costs the generator, how punctually requests leave it, and which latency it reports
// of a server that stalls, and says whether servebench meets its goals.
//
// The way of a figure: a plan (compare.go) orders the trials; a trial (trial.go) starts
// its server (server.go) on one CPU and the tool (tool.go and a file for each) on
// another, and reads what both saw; the report (report.go, goals.go) makes medians of
// the rounds.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"servebench/cmd/cli"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
	return cli.Execute(ctx, newRoot(), args, stdin, stdout, stderr)
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
into a new folder.

Exit codes:
  0    measured; whether the goals hold is said in the table
  1    something failed while running: no second CPU, a server that did not start
  64   a mistake in the command line
  130  interrupted; what was measured is saved`,
		Example: `  benchpeers
  benchpeers --tools servebench,wrk --loads closed --rounds 5`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return compare(cmd.Context(), &o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.addFlags(root.Flags())
	root.AddCommand(serveCommand())
	return root
}

// options are the flags.
type options struct {
	tools    []string
	loads    []string
	rounds   int
	duration time.Duration
	seed     uint64
	bin      string
	out      string
}

func (o *options) addFlags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringSliceVar(&o.tools, "tools", toolNames(), "tools to compare")
	f.StringSliceVar(&o.loads, "loads", loadKinds(), "kinds of load")
	f.IntVar(&o.rounds, "rounds", 3, "rounds of the closed and open loops; the stall, which hardly varies, is run once")
	f.DurationVar(&o.duration, "duration", 5*time.Second, "`time` of each closed and open loop")
	f.Uint64Var(&o.seed, "seed", 1, "`seed` of the order in which tools take their turn")
	f.StringVar(&o.bin, "bin", "bin", "`folder` that holds servebench, and the other tools in peers/")
	f.StringVar(&o.out, "out", "bench", "`folder` that gets a folder for the results")
}

// Bounds of the flags: enough for a careful comparison, and an end to it.
const (
	maxRounds   = 50
	minDuration = time.Second // bombardier takes no less
	maxDuration = time.Minute
)

// check names every mistake in the flags.
func (o *options) check() error {
	faults := append(unknownValues("--tools", o.tools, toolNames()), unknownValues("--loads", o.loads, loadKinds())...)
	if o.rounds < 1 || o.rounds > maxRounds {
		faults = append(faults, fmt.Errorf("--rounds %d: want a number from 1 to %d", o.rounds, maxRounds))
	}
	if o.duration < minDuration || o.duration > maxDuration || o.duration%time.Second != 0 {
		faults = append(faults, fmt.Errorf("--duration %v: want whole seconds from %v to %v", o.duration, minDuration, maxDuration))
	}
	if len(faults) > 0 {
		return cli.UsageError{Err: errors.Join(faults...)}
	}
	return nil
}

// unknownValues names the values that are not allowed, and an empty list.
func unknownValues(flag string, values, allowed []string) []error {
	var faults []error
	want := strings.Join(allowed, ", ")
	if len(values) == 0 {
		faults = append(faults, fmt.Errorf("%s: none, want some of %s", flag, want))
	}
	for _, value := range values {
		if !slices.Contains(allowed, value) {
			faults = append(faults, fmt.Errorf("%s: unknown %q, want some of %s", flag, value, want))
		}
	}
	return faults
}
