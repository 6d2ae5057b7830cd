package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"servebench/cmd/cli"
	"servebench/reports/record"
	"servebench/scenarios/calibration"
	"servebench/scenarios/doctor"
	"servebench/targets"

	"github.com/spf13/cobra"
)

func doctorCommand() *cobra.Command {
	kinds := &someOf[targets.Kind]{all: targetKinds(), nameOf: targetName}
	output := newOneOf("text", "json")
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what can run here, what is missing, and how to get it",
		Long: `Examine this machine: which targets can run and what would make the others, what
would disturb a measurement, and what a killed servebench left. Each line is ok,
warn (runs work, but not as well as they might, or without that target) or fail
(runs do not work, or something was left over), and the last two say what to do.

It takes some seconds, ten at most: what does not answer within 7 s is named.
Whether KVM runs a guest is tried once and remembered until the machine starts
again. The clock, the steal and the load are measured for about a second, as a run
would have them: on the generator's CPUs and with its priority. Nothing is changed
and nothing is left.

Exit codes:
  0    nothing is wrong; there may be warnings
  1    something keeps runs from working, or was left over
  20   a target named with --target, or every target, is not available
  64   a mistake in the command line
  130  interrupted
`,
		Example: `  servebench doctor                                what is missing, and the command that gets it
  servebench doctor -t vm && servebench run -t vm
  servebench doctor -o json | jq '.checks[] | select(.status != "ok")'`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			context.AfterFunc(ctx, stop) // a second signal ends the program
			if !kinds.given {
				kinds.chosen = kinds.all
			}
			d := doctor.Examine(ctx, doctor.Options{
				Targets: kinds.chosen, Wanted: kinds.given, Server: program("refserver"), Calibration: usualCalibration,
				Waiting: func(names []string) {
					say(cmd.ErrOrStderr(), "still examining "+strings.Join(names, ", "))
				},
			})
			outcome := doctorOutcome(d)
			if ctx.Err() != nil {
				outcome = fail(exitInterrupted, errors.New("interrupted: not everything was examined"))
			}
			return worst(fail(exitRuntime, printAs(cmd.OutOrStdout(), output.value, d, d.WriteText)), outcome)
		},
	}
	flags := cmd.Flags()
	flags.VarP(kinds, "target", "t", "examine these targets alone: "+targetNames())
	flags.VarP(output, "output", "o", "print as")
	return cmd
}

// usualCalibration is the calibration of a run with the usual CPUs; others says that
// there are some which do not hold here.
func usualCalibration() (known *record.Calibration, others bool, err error) {
	known, err = calibration.Kept(cli.Version(), 1)
	if dir, errDir := calibration.Dir(); errDir == nil {
		others = calibration.Others(dir)
	}
	return known, others, err
}

// doctorOutcome is what a diagnosis says through the exit code.
func doctorOutcome(d doctor.Diagnosis) error {
	var all []error
	for _, r := range d.Checks {
		switch {
		case r.Status != doctor.Fail:
		case r.Area == doctor.Targets:
			all = append(all, fail(exitNotAvailable, errors.New(r.Failure())))
		default:
			all = append(all, fail(exitRuntime, errors.New(r.Failure())))
		}
	}
	return worst(all...)
}
