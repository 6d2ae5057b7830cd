package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"servebench/reports/stats"
	"servebench/reports/stats/paired/proof"

	"github.com/spf13/cobra"
)

// proveOptions are the flags of prove.
type proveOptions struct {
	trials int
	output *oneOf
}

// leastTrials is how many it takes for a rate to be worth a line.
const leastTrials = 100

func proveCommand() *cobra.Command {
	opts := proveOptions{output: newOneOf("text", "json")}
	cmd := &cobra.Command{
		Use:   "prove",
		Short: "Find out how often the verdict of a duet is wrong",
		Long: `Simulate duets on machines whose noise is known, shared with neighbours and
dedicated, of a candidate that is as fast as the baseline and of ones that are
slower, and count the verdicts: how often it is FAIL where nothing has changed, and
how often where something has. Beside the design of duet stand those of other gates.
Every trial takes the statistics of a real duet; only the latencies are drawn. The
same number of trials gives the same figures on any machine.

Exit codes:
  0    the gate keeps to its goals
  10   it does not: a rate is not what it has to be
  64   a mistake in the command line
  130  interrupted; nothing is printed
`,
		Example: `  servebench prove
  servebench prove --trials 2000 -o json | jq '.cells[] | {noise, change, fail}'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return prove(cmd, &opts) },
	}
	flags := cmd.Flags()
	flags.IntVar(&opts.trials, "trials", 20_000, "duets simulated for each figure")
	flags.VarP(opts.output, "output", "o", "print as")
	return cmd
}

func prove(cmd *cobra.Command, opts *proveOptions) error {
	if opts.trials < leastTrials {
		return usageError(fmt.Errorf("--trials %d: want %d or more", opts.trials, leastTrials))
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	table, err := proof.Run(ctx, opts.trials)
	if err != nil {
		return unproven(ctx, err)
	}
	write := writeProof
	if opts.output.value == "json" {
		write = writeProofJSON
	}
	return worst(runtimeError(write(cmd.OutOrStdout(), table)), proofOutcome(table))
}

// unproven says why there is no table.
func unproven(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted, err: fmt.Errorf("interrupted: nothing was proven")}
	}
	return runtimeError(err)
}

// proofOutcome is what the table says through the exit code: every goal that it misses.
func proofOutcome(t proof.Table) error {
	var all []error
	for _, g := range proof.Goals() {
		if g.Holds(t) {
			continue
		}
		rate, _ := g.Rate(t)
		all = append(all, &exitError{code: exitFailed, err: fmt.Errorf("%s: %s of %s duets, want %s", goalText(g),
			stats.FormatPercent(rate.Value()), stats.FormatCount(int64(rate.N)), goalBound(g))})
	}
	return worst(all...)
}
