package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/option"
	"servebench/reports/analysis/ab/proof"
	"servebench/reports/text"
	"servebench/scenarios/selftest"

	"github.com/spf13/cobra"
)

// proveOptions are the flags of prove.
type proveOptions struct {
	simulations int
	output      *option.OneOf
	real        bool
	abTests     int
	change      percent
}

// leastSimulations is how many it takes for a rate to be worth a line.
const leastSimulations = 100

func proveCommand() *cobra.Command {
	opts := proveOptions{output: option.NewOneOf("text", "json"), change: 0.2}
	cmd := &cobra.Command{
		Use:   "prove",
		Short: "Find out how often the verdict of an A/B test is wrong",
		Long: `Simulate A/B tests on machines whose noise is known, shared with neighbours and
dedicated, of a candidate that is as fast as the baseline and of ones that are
slower, and count the verdicts: how often it is FAIL where nothing has changed, and
how often where something has. Beside the design of servebench ab stand those of other
gates. Every simulation takes the statistics of a real A/B test; only the latencies are
drawn. The same number of simulations gives the same figures on any machine.

With --real, run A/B tests instead, under the scenario gate: of the reference server
with itself, and with itself answering later by a share of its median. It is said before
how long that takes. Few A/B tests prove little: the intervals of the rates say how little.

Exit codes:
  0    the gate misses none of its goals: each holds, or is undecided after so few
       simulations; with --real: nothing speaks against that
  1    something failed while running
  10   it does: the whole interval of a rate is where it must not be
  12   with --real, INVALID: no A/B test was VALID
  64   a mistake in the command line
  130  interrupted; with --real, the A/B tests that were over are counted
`,
		Example: `  servebench prove
  servebench prove --simulations 2000 -o json | jq '.gate.cells[] | {noise, change, fail: .fail.rate}'
  servebench prove --real --tests 20 --change 10%`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := opts.check(cmd); err != nil {
				return cli.Fail(cli.Usage, err)
			}
			if opts.real {
				return proveReal(cmd, &opts)
			}
			return prove(cmd, &opts)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&opts.simulations, "simulations", 20_000, "A/B tests simulated for each figure")
	flags.VarP(opts.output, "output", "o", "print as")
	flags.BoolVar(&opts.real, "real", false, "run A/B tests of the reference server instead of simulating them")
	flags.IntVar(&opts.abTests, "tests", 10, "with --real: A/B tests of the same server, and as many of a slower one")
	flags.Var(&opts.change, "change", "with --real: by how much later the slower one answers, of the median response time")
	cmd.AddCommand(proveDriftCommand())
	return cmd
}

// check finds flags that make no sense together.
func (o *proveOptions) check(cmd *cobra.Command) error {
	given := func(flag string) bool { return option.OnCommandLine(cmd, flag) }
	switch {
	case o.simulations < leastSimulations:
		return fmt.Errorf("--simulations %d: want %d or more", o.simulations, leastSimulations)
	case o.abTests < 1:
		return fmt.Errorf("--tests %d: want 1 or more", o.abTests)
	case o.real && given("simulations"):
		return errors.New("--simulations is of simulated A/B tests: want --tests with --real")
	case !o.real && (given("tests") || given("change")):
		return errors.New("--tests and --change are of real A/B tests: want --real beside them")
	}
	return nil
}

// percent is a flag value: a share above 0 and up to 100 %, 0.2 for "20%".
type percent float64

func (p *percent) String() string { return fmt.Sprintf("%g%%", 100*float64(*p)) }

func (p *percent) Type() string { return "percent" }

func (p *percent) Set(text string) error {
	v, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || !strings.HasSuffix(text, "%") || !(v > 0 && v <= 100) {
		return errors.New("want more than 0% and at most 100%, such as 20%")
	}
	*p = percent(v / 100)
	return nil
}

func prove(cmd *cobra.Command, opts *proveOptions) error {
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	table, err := proof.Run(ctx, opts.simulations)
	if err != nil {
		return unproven(ctx, err)
	}
	print := func(w io.Writer) error { return text.WriteProof(w, table) }
	return cli.Worst(cli.Fail(cli.Runtime, cli.PrintAs(cmd.OutOrStdout(), opts.output.Value, table, print)), cli.Fail(cli.Failed, text.MissedGoals(table)...))
}

// unproven says why there is no table.
func unproven(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return cli.Fail(cli.Interrupted, errors.New("interrupted: nothing was proven"))
	}
	return cli.Fail(cli.Runtime, err)
}

// proveReal plays real A/B tests and prints what they said, also of those that were played
// before an interrupt.
func proveReal(cmd *cobra.Command, opts *proveOptions) error {
	return withPlayer(cmd, "plain", func(ctx context.Context, player *selftest.Player) error {
		p, err := player.ProveABTests(ctx, opts.abTests, float64(opts.change))
		if p.Empty() {
			return selftestError(err)
		}
		errPrint := cli.Fail(cli.Runtime, cli.PrintAs(cmd.OutOrStdout(), opts.output.Value, p.Document(), p.WriteText))
		return cli.Worst(selftestError(err), errPrint, cli.Fail(cli.Failed, p.Wrong()...), cli.Fail(cli.Invalid, p.Invalid()...))
	})
}
