package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/costs"
	"servebench/cmd/servebench/option"
	"servebench/cmd/servebench/outcome"
	"servebench/cmd/servebench/recorded"
	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/format"
	"servebench/reports/html"
	"servebench/reports/mlflow"
	"servebench/reports/record"
	"servebench/reports/record/userfile"
	"servebench/scenarios"
	"servebench/scenarios/decode"
	"servebench/scenarios/draft"

	"github.com/spf13/cobra"
)

// runOptions are the flags of run.
type runOptions struct {
	playFlags
	rounds int
	raw    bool
	gate   bool
	mlflow string // URL
}

func runCommand() *cobra.Command {
	opts := runOptions{playFlags: newPlayFlags(false)}
	cmd := &cobra.Command{
		Use:   "run [SCENARIO...]",
		Short: "Run scenarios and write their reports",
		Long: `Run scenarios. SCENARIO is the name of a built-in one (servebench list scenarios)
or a scenario file; without one, it is servebench.yaml of this folder where there is
one, such as init writes, and else compare. Each run gets a folder with run.json,
report.html, figures/ and the interval logs.

The table goes to stdout, progress to stderr. The first ^C (or SIGTERM, or SIGHUP
when the terminal is closed) stops the sending, waits for what is in flight and
saves; the second gives that up and saves; the third quits without saving. A run that did
not come to its end, whatever ended it, is no PASS of a gate.

` + outcome.Help,
		Example: `  servebench run                                   servebench.yaml, or compare every target that can run here
  servebench run smoke -t physical -o json | jq .validity
  servebench run my.yaml --set load.steady.rate=800 --rounds 10`,
		RunE: func(cmd *cobra.Command, names []string) error {
			if len(names) == 0 {
				names = []string{usualScenario(cmd.ErrOrStderr(), "compare")}
			}
			return runScenarios(cmd, names, &opts)
		},
	}
	opts.define(cmd, map[string]string{"format": "reports to write; a gate writes all unless told otherwise: " + opts.formats.Known()})
	flags := cmd.Flags()
	flags.IntVar(&opts.rounds, "rounds", 0, "rounds instead of the scenario's")
	flags.BoolVar(&opts.raw, "raw", false, "keep vegeta's own result stream of every cell as well, with the first 4 KiB of each answer")
	flags.BoolVar(&opts.gate, "gate", false, "exit with 10 when a limit of the slo is broken, with 11 when that is undecided, and with 64 when there is no limit")
	flags.StringVar(&opts.mlflow, "mlflow", "", "log each run to the MLflow server at this `URL`, when it has ended; see track")
	return cmd
}

// usualScenario is the scenario of a command that names none, which is said: the file
// that init writes where this folder has it, else a built-in one.
func usualScenario(stderr io.Writer, builtin string) string {
	if _, err := os.Lstat(draft.File); err == nil {
		say(stderr, "no scenario named: taking "+draft.File+" of this folder; the built-in one is "+builtin)
		return draft.File
	}
	say(stderr, "no scenario named, and no "+draft.File+" in this folder: taking the built-in scenario "+builtin)
	return builtin
}

// runScenarios reads every scenario before it runs the first one.
func runScenarios(cmd *cobra.Command, names []string, opts *runOptions) error {
	set, err := opts.settings(cmd, flagSetting{"rounds", "rounds", strconv.Itoa(opts.rounds)})
	if err != nil {
		return cli.Fail(cli.Usage, err)
	}
	var server *mlflow.Server
	if opts.mlflow != "" {
		if server, err = newTracker(opts.mlflow); err != nil {
			return err
		}
	}
	if opts.gate && !opts.formats.Given {
		opts.formats = newFormats(true, true)
	}
	var parsed []*scenarios.Scenario
	var faults []error
	for _, name := range names {
		text, err := scenarioText(cmd.Context(), name)
		if err != nil {
			parsed, faults = append(parsed, nil), append(faults, err)
			continue
		}
		s, err := parseScenario(name, text, set)
		if err == nil {
			err = costs.RecordPrices(cmd.Context(), s.Cost, s.Source)
		}
		if err == nil && opts.gate && s.SLO == (record.SLO{}) {
			err = noLimits(name)
		}
		parsed, faults = append(parsed, s), append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return cli.Fail(cli.Usage, err)
	}
	interrupted := catchInterrupts(cmd.Context(), cmd.ErrOrStderr())
	defer interrupted.end()
	var outcomes []error
	for i, s := range parsed {
		outcomes = append(outcomes, runScenario(interrupted, cmd, names[i], s, opts, server))
		if interrupted.asked() {
			break
		}
	}
	return cli.Worst(outcomes...)
}

// noLimits refuses to gate what nothing could fail.
func noLimits(scenario string) error {
	return fmt.Errorf("%s: slo: not set, so that --gate has nothing to judge; want limits in the scenario, "+
		"such as slo: {p99: 50ms, errors: 0.1%%}, or --set slo.p99=50ms", scenario)
}

// maxScenario bounds what is read of a scenario, in bytes; how long it may be, it is
// told where it is parsed.
const maxScenario = 1 << 20

// scenarioText finds a scenario by built-in name or by path. It may be a pipe, and is
// read once.
func scenarioText(ctx context.Context, name string) ([]byte, error) {
	builtins := scenarios.Builtins()
	nameOf := func(b scenarios.Builtin) string { return b.Name }
	if b, found := scenarios.Named(builtins, name, nameOf); found {
		return b.Text, nil
	}
	text, err := userfile.ReadTextOnce(ctx, name, maxScenario)
	if errors.Is(err, os.ErrNotExist) && strings.Contains(name, "=") {
		return nil, fmt.Errorf("no scenario %q; to set a key of one: --set %s", name, format.Command(name))
	}
	if errors.Is(err, os.ErrNotExist) && !strings.ContainsAny(name, "./\\") {
		known := option.Names(builtins, nameOf)
		return nil, fmt.Errorf("unknown scenario %q%s, want a file or one of %s", name, decode.Suggest(name, known), strings.Join(known, ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	return text, nil
}

// parseScenario reads a scenario, and the files of its traces, whose faults are the
// user's as well.
func parseScenario(name string, text []byte, set []decode.Setting) (*scenarios.Scenario, error) {
	s, err := scenarios.Parse(name, text, catalogue(), set...)
	if err != nil {
		return nil, err
	}
	_, err = s.ArrivalProcesses()
	return s, err
}

// runScenario runs one scenario, writes its reports, prints it, and logs it to a server where there
// is one.
func runScenario(interrupted interrupts, cmd *cobra.Command, name string, s *scenarios.Scenario, opts *runOptions, server *mlflow.Server) error {
	watch := newProgress(opts.progress.Value, cmd.ErrOrStderr())
	runner := opts.runner(cmd, interrupted, name, s, watch)
	runner.Raw, runner.Command = opts.raw, opts.commandLine(name, s)
	run, err := runner.Run(interrupted.ctx, s)
	watch.end()
	if run == nil {
		return outcome.OfError(err)
	}
	a, errReport := finish(cmd, run, opts.formats.Chosen, opts.output.Value)
	if opts.gate && a != nil {
		errReport = errors.Join(errReport, recorded.TellCI(cmd.ErrOrStderr(), a))
	}
	if server != nil && a != nil {
		trackAfter(interrupted.ctx, cmd, server, s, a)
	}
	return cli.Worst(outcome.OfShown(err), outcome.OfRun(run, a, opts.gate), cli.Fail(cli.Runtime, errReport))
}

// commandLine repeats a run.
func (o *runOptions) commandLine(name string, s *scenarios.Scenario) []string {
	command := o.repeat("run", name, s.Secrets)
	if o.raw {
		command = append(command, "--raw")
	}
	if o.gate {
		command = append(command, "--gate")
	}
	return append(command, "--rounds", strconv.Itoa(s.Rounds), "--seed", strconv.FormatUint(s.Seed, 10))
}

// finish writes a run's reports and prints it.
func finish(cmd *cobra.Command, run *record.Run, formats []reports.Format, output string) (*analysis.Analysis, error) {
	a, err := analysis.Analyse(run)
	if err != nil {
		return nil, err
	}
	written, err := recorded.WriteReports(a, formats)
	err = errors.Join(err, recorded.Print(cmd.OutOrStdout(), a, output))
	where := run.Dir
	if slices.Contains(written, html.Format().Name) {
		where = filepath.Join(run.Dir, "report.html")
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "servebench: %s\n", where)
	return a, err
}
