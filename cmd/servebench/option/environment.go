package option

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"servebench/cmd/cli"
	"servebench/scenarios/decode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// byEnvironment is the annotation of a flag that the environment gave a value; with the
// settings that came from there, where it is --set.
const byEnvironment = "environment"

// FromEnvironment sets every flag that the command line left alone from
// SERVEBENCH_NAME, where that is set. The settings of SERVEBENCH_SET come before those
// of the command line, which change what they have set.
func FromEnvironment(flags *pflag.FlagSet) error {
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
		return cli.Fail(cli.Usage, errors.New(strings.Join(faults, "\n")))
	}
	return nil
}

// environmentName is the variable that stands for a flag.
func environmentName(flag string) string {
	return "SERVEBENCH_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// OnCommandLine reports whether a flag stands on the command line itself.
func OnCommandLine(cmd *cobra.Command, name string) bool {
	f := cmd.Flags().Lookup(name)
	_, environment := f.Annotations[byEnvironment]
	return f.Changed && !environment
}

// SetByEnvironment is how many settings of the flag --set came from the environment. They
// are the first.
func SetByEnvironment(cmd *cobra.Command) int {
	return len(cmd.Flags().Lookup("set").Annotations[byEnvironment])
}

// Settings reads the settings of the flag --set, those of the environment first.
func Settings(cmd *cobra.Command, texts []string) ([]decode.Setting, error) {
	environment := SetByEnvironment(cmd)
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
