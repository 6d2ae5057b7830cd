package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"servebench/scenarios/decode"

	"servebench/cmd/cli"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "servebench",
		Short: "Measure where a model should be served, and whether it holds under load",
		Long: `servebench puts one model server on several deployment targets, drives each
with the same synthetic load, and reports latency, throughput, cold start,
accuracy and errors side by side.

  servebench run compare       compare the targets that can run on this machine
  servebench list scenarios    what else there is to run

A flag may also be given by the environment: --out as SERVEBENCH_OUT. Flags come
before the environment, the environment before the scenario file, the file
before the defaults. SERVEBENCH_SET holds settings with commas between them; those
of --set are added, and win.

` + exitHelp,
		Args:              cli.NoArguments,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Version:           cli.Version(),
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return flagsFromEnvironment(cmd.Flags()) },
	}
	root.AddCommand(
		runCommand(),
		abCommand(),
		gateCommand(),
		reportCommand(),
		compareCommand(),
		baselineCommand(),
		initCommand(),
		importCommand(),
		probeCommand(),
		generateCommand(),
		listCommand(),
		schemaCommand(),
		doctorCommand(),
		calibrateCommand(),
		proveCommand(),
		cleanCommand(),
		cli.VersionCommand(),
	)
	return root
}

// group returns a command that only holds others: without one of them it is a
// mistake, not a success.
func group(use, short string, children ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cli.NoArguments}
	var names []string
	for _, child := range children {
		names = append(names, child.Name())
	}
	cmd.RunE = func(*cobra.Command, []string) error {
		return cli.UsageError{Err: fmt.Errorf("%s: missing subcommand: use one of %s", use, strings.Join(names, ", "))}
	}
	cmd.AddCommand(children...)
	return cmd
}

// byEnvironment is the annotation of a flag that the environment gave a value; with the
// settings that came from there, where it is --set.
const byEnvironment = "environment"

// flagsFromEnvironment sets every flag that the command line left alone from
// SERVEBENCH_NAME, where that is set. The settings of SERVEBENCH_SET come before those
// of the command line, which change what they have set.
func flagsFromEnvironment(flags *pflag.FlagSet) error {
	var faults []string
	flags.VisitAll(func(f *pflag.Flag) {
		name := environmentName(f.Name)
		value := os.Getenv(name)
		switch set, isSet := f.Value.(pflag.SliceValue); {
		case value == "":
		case f.Name == "set" && isSet:
			settings := decode.SplitSettings(value)
			f.Annotations = map[string][]string{byEnvironment: settings}
			if err := set.Replace(append(settings, set.GetSlice()...)); err != nil {
				faults = append(faults, fmt.Sprintf("%s=%s: %s", name, value, cli.Want(err)))
			}
		case !f.Changed:
			f.Annotations = map[string][]string{byEnvironment: nil}
			if err := flags.Set(f.Name, value); err != nil {
				faults = append(faults, fmt.Sprintf("%s=%s: %s", name, value, cli.Want(err)))
			}
		}
	})
	if len(faults) > 0 {
		return fail(exitUsage, errors.New(strings.Join(faults, "\n")))
	}
	return nil
}

// environmentName is the variable that stands for a flag.
func environmentName(flag string) string {
	return "SERVEBENCH_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// onCommandLine reports whether a flag stands on the command line itself.
func onCommandLine(cmd *cobra.Command, name string) bool {
	f := cmd.Flags().Lookup(name)
	_, environment := f.Annotations[byEnvironment]
	return f.Changed && !environment
}

// parseSets reads the settings of the flag --set, those of the environment first.
func parseSets(cmd *cobra.Command, texts []string) ([]decode.Setting, error) {
	environment := len(cmd.Flags().Lookup("set").Annotations[byEnvironment])
	var set []decode.Setting
	var faults []error
	for i, text := range texts {
		s, err := decode.ParseSetting(text)
		if i < environment {
			s.Flag = environmentName("set") + " " + strings.TrimSpace(text)
			if err != nil {
				err = fmt.Errorf("%s: %w", environmentName("set"), err)
			}
		}
		set, faults = append(set, s), append(faults, err)
	}
	return set, errors.Join(faults...)
}
