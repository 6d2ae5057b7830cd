package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/option"
	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/calibration"
	"servebench/scenarios/doctor"
	"servebench/targets"

	"github.com/spf13/cobra"
)

func doctorCommand() *cobra.Command {
	kinds := &option.SomeOf[targets.Kind]{All: targetKinds(), NameOf: targetName}
	var set []string
	output := option.NewOneOf("text", "json")
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
  servebench doctor -t kubernetes --set kubernetes.context=staging --set kubernetes.namespace=bench
  servebench doctor -o json | jq '.checks[] | select(.status != "ok")'`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			context.AfterFunc(ctx, stop) // a second signal ends the program
			if !kinds.Given {
				kinds.Chosen = kinds.All
			}
			options, err := targetOptions(kinds.Chosen, set, option.SetByEnvironment(cmd))
			if err != nil {
				return cli.Fail(cli.Usage, err)
			}
			d := doctor.Examine(ctx, doctor.Options{
				Targets: kinds.Chosen, Set: options, Wanted: kinds.Given, Server: program("refserver"), Calibration: usualCalibration,
				Waiting: func(names []string) {
					say(cmd.ErrOrStderr(), "still examining "+strings.Join(names, ", "))
				},
			})
			outcome := doctorOutcome(d)
			if ctx.Err() != nil {
				outcome = cli.Fail(cli.Interrupted, errors.New("interrupted: not everything was examined"))
			}
			return cli.Worst(cli.Fail(cli.Runtime, cli.PrintAs(cmd.OutOrStdout(), output.Value, d, d.WriteText)), outcome)
		},
	}
	flags := cmd.Flags()
	flags.VarP(kinds, "target", "t", "examine these targets alone: "+targetNames())
	flags.StringArrayVar(&set, "set", nil, "set an option of a target, as in a scenario: kubernetes.context=staging")
	flags.VarP(output, "output", "o", "print as")
	return cmd
}

// targetOptions reads settings such as kubernetes.context=staging, by target and option, of
// the targets that are examined. The first so many come from the environment, where
// others may stand for runs.
func targetOptions(examined []targets.Kind, set []string, environment int) (map[string]map[string]string, error) {
	all := map[string]map[string]string{}
	var faults []error
	for i, text := range set {
		key, value, _ := strings.Cut(text, "=")
		name, setting, _ := strings.Cut(key, ".")
		kind, known := scenarios.Named(targetKinds(), name, targetName)
		if _, wanted := scenarios.Named(examined, name, targetName); !wanted && i < environment {
			continue
		} else if !wanted && known {
			faults = append(faults, fmt.Errorf("--set %s: %s is not examined; want --target %s,%s, or no such setting", text, name, strings.Join(option.Names(examined, targetName), ","), name))
			continue
		}
		if !known {
			faults = append(faults, fmt.Errorf("--set %s: no target is called %q; want TARGET.OPTION=VALUE, such as kubernetes.context=staging", text, name))
			continue
		}
		if _, err := targets.Resolve(kind.Options, map[string]string{setting: value}); err != nil {
			faults = append(faults, fmt.Errorf("--set %s: %w", text, err))
			continue
		}
		if i := slices.IndexFunc(kind.Options, func(o targets.Option) bool { return o.Name == setting }); kind.Options[i].Path && value != "" {
			var err error
			if value, err = filepath.Abs(value); err != nil {
				faults = append(faults, fmt.Errorf("--set %s: %w", text, err))
			}
		}
		if all[name] == nil {
			all[name] = map[string]string{}
		}
		all[name][setting] = value
	}
	return all, errors.Join(faults...)
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
			all = append(all, cli.Fail(cli.NotAvailable, errors.New(r.Failure())))
		default:
			all = append(all, cli.Fail(cli.Runtime, errors.New(r.Failure())))
		}
	}
	return cli.Worst(all...)
}
