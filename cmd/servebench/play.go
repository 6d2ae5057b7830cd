package main

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/option"
	"servebench/reports"
	"servebench/reports/analysis/validity"
	"servebench/scenarios"
	"servebench/scenarios/calibration"
	"servebench/scenarios/decode"
	"servebench/scenarios/secret"
	"servebench/scenarios/trial"

	"github.com/spf13/cobra"
)

// playFlags are the flags of every command that plays a scenario.
type playFlags struct {
	targets  []string
	set      []string
	seed     uint64
	out      string
	output   *option.OneOf
	progress *option.OneOf
	formats  *option.SomeOf[reports.Format]
}

// newPlayFlags has reports for people by default, and those for continuous integration if ci.
func newPlayFlags(ci bool) playFlags {
	return playFlags{output: option.NewOneOf("text", "json"), progress: option.NewOneOf("auto", "plain", "none"), formats: newFormats(true, ci)}
}

// define adds the flags to a command. Where a command has more to say of one, it gives its
// help; else the usual one is taken.
func (o *playFlags) define(cmd *cobra.Command, help map[string]string) {
	usage := func(flag, usual string) string {
		if own, has := help[flag]; has {
			return own
		}
		return usual
	}
	flags := cmd.Flags()
	flags.StringSliceVarP(&o.targets, "target", "t", nil, usage("target", "targets to use instead of the scenario's")+": "+targetNames())
	flags.StringArrayVar(&o.set, "set", nil, usage("set", "set a key of the scenario: load.steady.rate=800"))
	flags.Uint64Var(&o.seed, "seed", 0, "seed instead of the scenario's")
	flags.StringVar(&o.out, "out", "runs", "folder that gets a folder per run")
	flags.VarP(o.formats, "format", "f", usage("format", "reports to write"))
	flags.VarP(o.output, "output", "o", "print as")
	flags.Var(o.progress, "progress", "show progress: auto is a line on a terminal, else plain")
}

// flagSetting is what a flag sets in a scenario.
type flagSetting struct{ flag, key, value string }

// settings gathers what the command line changes in a scenario, with those of the command's
// own flags.
func (o *playFlags) settings(cmd *cobra.Command, own ...flagSetting) ([]decode.Setting, error) {
	set, err := option.Settings(cmd, o.set)
	all := append([]flagSetting{{"target", "targets", "[" + strings.Join(o.targets, ",") + "]"}}, own...)
	for _, s := range append(all, flagSetting{"seed", "seed", strconv.FormatUint(o.seed, 10)}) {
		if cmd.Flags().Changed(s.flag) {
			set = append(set, decode.Setting{Key: s.key, Value: s.value, Flag: "--" + s.flag + " " + strings.Trim(s.value, "[]")})
		}
	}
	return set, err
}

// repeat begins the command line that repeats what a command plays. In the place of secrets
// it has variables to fill in.
func (o *playFlags) repeat(command, scenario string, secrets *secret.Keeper) []string {
	line := []string{os.Args[0], command, scenario}
	if len(o.targets) > 0 {
		line = append(line, "--target", strings.Join(o.targets, ","))
	}
	for _, set := range o.set {
		line = append(line, "--set", secrets.Command(set))
	}
	return line
}

// nameTargets says that the user named the targets, and not a built-in scenario, which
// names all that there may be.
func (o *playFlags) nameTargets(scenario string) bool {
	builtin := slices.ContainsFunc(scenarios.Builtins(), func(b scenarios.Builtin) bool { return b.Name == scenario })
	set := slices.ContainsFunc(o.set, func(s string) bool { return strings.HasPrefix(s, "targets") })
	return !builtin || len(o.targets) > 0 || set
}

// runner is what plays a scenario of that name, which watch is told of.
func (o *playFlags) runner(cmd *cobra.Command, interrupted interrupts, name string, s *scenarios.Scenario, watch *progress) *trial.Runner {
	runner := newRunner(o.out, interrupted)
	runner.Asked, runner.Observe = o.nameTargets(name), watch.event
	kept, err := calibration.Kept(runner.Version, s.WholeCPUs())
	if err != nil {
		say(cmd.ErrOrStderr(), err.Error()+"; going on without it")
	}
	runner.Calibration = kept
	return runner
}

// newRunner is what plays a scenario, into a folder below dir.
func newRunner(dir string, interrupted interrupts) *trial.Runner {
	return &trial.Runner{
		Catalogue: catalogue(), Reference: reference(), Dir: dir, Version: cli.Version(),
		Stop: interrupted.stop, Diagnose: validity.DiagnoseTrial,
	}
}
