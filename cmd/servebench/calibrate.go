package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/option"
	"servebench/cmd/servebench/outcome"
	"servebench/scenarios/calibration"
	"servebench/scenarios/oracle"
	"servebench/scenarios/selftest"

	"github.com/spf13/cobra"
)

// calibrateOptions are the flags of calibrate.
type calibrateOptions struct {
	oracle, quick bool
	output        *option.OneOf
	progress      *option.OneOf
}

func calibrateCommand() *cobra.Command {
	opts := calibrateOptions{output: option.NewOneOf("text", "json"), progress: option.NewOneOf("plain", "none")}
	cmd := &cobra.Command{
		Use:   "calibrate [flags] [ORACLE...]",
		Short: "Find out what the load generator can do here, and whether it is right",
		Long: `Drive a server that answers immediately, and find the highest rate at which this
machine's load generator is still VALID, by the rules that runs are judged by, and
the floor of its latencies: what the generator, the kernel and loopback take of
themselves. It takes about a minute. A rate that was not VALID is tried again, and
counts when two of three tries were. A floor is left out that in two tries was not
VALID, or was far above that of the rate below: the machine was busy with something
else.
The result is kept for this machine and this version, and runs show the floor
beside their latencies.

With --oracle, hold servebench against servers whose response times are known in
closed form instead: ` + strings.Join(option.Names(oracle.All(), func(o oracle.Oracle) string { return o.Name }), ", ") + `;
ORACLE names those to take. All of them take about four minutes.

Exit codes:
  0    done; with --oracle: all that was measured is right
  1    something failed while running
  10   with --oracle: a quantile is not what it has to be
  12   INVALID: the load generator is not reliable at any rate, or with an oracle
  64   a mistake in the command line
  130  interrupted; nothing is kept
`,
		Example: `  servebench calibrate
  servebench calibrate --oracle -o json | jq .pass
  servebench calibrate --oracle mm1-0.9`,
		RunE: func(cmd *cobra.Command, names []string) error {
			switch {
			case opts.oracle:
				return runOracles(cmd, names, &opts)
			case len(names) > 0:
				return cli.Fail(cli.Usage, fmt.Errorf("argument %q: oracles are named with --oracle", names[0]))
			}
			return runCalibration(cmd, &opts)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&opts.oracle, "oracle", false, "hold what is measured against what is known in closed form")
	flags.BoolVar(&opts.quick, "quick", false, "take a fraction of the time for coarser figures, which are not kept")
	flags.VarP(opts.output, "output", "o", "print as")
	flags.Var(opts.progress, "progress", "show progress on stderr")
	return cmd
}

// runCalibration finds the highest valid rate and the floors, keeps and prints them.
func runCalibration(cmd *cobra.Command, opts *calibrateOptions) error {
	server, err := program("nullserver")()
	if err != nil {
		return cli.Fail(cli.Runtime, err)
	}
	return withPlayer(cmd, opts.progress.Value, func(ctx context.Context, p *selftest.Player) error {
		d, err := p.Calibrate(ctx, server, opts.quick)
		if err != nil {
			return selftestError(err)
		}
		text := func(w io.Writer) error { return selftest.WriteCalibration(w, d) }
		err = cli.Fail(cli.Runtime, cli.PrintAs(cmd.OutOrStdout(), opts.output.Value, d, text))
		if opts.quick {
			return err
		}
		return cli.Worst(err, cli.Fail(cli.Runtime, calibration.Keep(d)))
	})
}

// runOracles plays the oracles and prints what came out.
func runOracles(cmd *cobra.Command, names []string, opts *calibrateOptions) error {
	chosen, err := selftest.ChooseOracles(names, opts.quick)
	if err != nil {
		return cli.Fail(cli.Usage, err)
	}
	return withPlayer(cmd, opts.progress.Value, func(ctx context.Context, p *selftest.Player) error {
		report, err := p.Consult(ctx, chosen)
		if err != nil {
			return selftestError(err)
		}
		return cli.Worst(cli.Fail(cli.Runtime, cli.PrintAs(cmd.OutOrStdout(), opts.output.Value, report, report.WriteText)), oracleOutcome(report))
	})
}

// oracleOutcome is what the oracles say through the exit code.
func oracleOutcome(r selftest.OracleReport) error {
	return cli.Worst(cli.Fail(cli.Invalid, r.Invalid()...), cli.Fail(cli.Failed, r.Wrong()...))
}

// withPlayer has do play scenarios about servebench itself, and tells on stderr how it
// goes unless progress is none.
func withPlayer(cmd *cobra.Command, progress string, do func(context.Context, *selftest.Player) error) (err error) {
	interrupted := catchInterrupts(cmd.Context(), cmd.ErrOrStderr())
	defer interrupted.end()
	p, err := selftest.NewPlayer(*newRunner("", interrupted), func(format string, args ...any) {
		if progress != "none" {
			fmt.Fprintf(cmd.ErrOrStderr(), format+"\n", args...)
		}
	})
	if err != nil {
		return cli.Fail(cli.Runtime, err)
	}
	defer func() { err = cli.Worst(err, cli.Fail(cli.Runtime, p.Close())) }()
	return do(interrupted.ctx, p)
}

// selftestError gives the error of a self-test its exit code.
func selftestError(err error) error {
	if _, invalid := errors.AsType[*selftest.InvalidError](err); invalid || errors.Is(err, calibration.ErrNoRate) {
		return cli.Fail(cli.Invalid, err)
	}
	return outcome.OfError(err)
}
