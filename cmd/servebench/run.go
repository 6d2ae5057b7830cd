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
	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/analysis/validity"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/html"
	"servebench/reports/record"
	"servebench/reports/record/userfile"
	"servebench/scenarios"
	"servebench/scenarios/ab"
	"servebench/scenarios/calibration"
	"servebench/scenarios/decode"
	"servebench/scenarios/draft"
	"servebench/scenarios/trial"

	"github.com/spf13/cobra"
)

// runOptions are the flags of run.
type runOptions struct {
	targets  []string
	set      []string
	rounds   int
	seed     uint64
	out      string
	output   *oneOf
	progress *oneOf
	formats  *someOf[reports.Format]
	raw      bool
	gate     bool
}

func runCommand() *cobra.Command {
	opts := runOptions{output: newOneOf("text", "json"), progress: newOneOf("auto", "plain", "none"), formats: newFormats(true, false)}
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

` + exitHelp,
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
	flags := cmd.Flags()
	flags.StringSliceVarP(&opts.targets, "target", "t", nil, "targets to use instead of the scenario's: "+targetNames())
	flags.StringArrayVar(&opts.set, "set", nil, "set a key of the scenario: load.steady.rate=800")
	flags.IntVar(&opts.rounds, "rounds", 0, "rounds instead of the scenario's")
	flags.Uint64Var(&opts.seed, "seed", 0, "seed instead of the scenario's")
	flags.StringVar(&opts.out, "out", "runs", "folder that gets a folder per run")
	flags.VarP(opts.formats, "format", "f", "reports to write; a gate writes all unless told otherwise: "+opts.formats.known())
	flags.VarP(opts.output, "output", "o", "print as")
	flags.Var(opts.progress, "progress", "show progress: auto is a line on a terminal, else plain")
	flags.BoolVar(&opts.raw, "raw", false, "keep vegeta's own result stream of every cell as well, with the first 4 KiB of each answer")
	flags.BoolVar(&opts.gate, "gate", false, "exit with 10 when a limit of the slo is broken, with 11 when that is undecided, and with 64 when there is no limit")
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
	set, err := opts.settings(cmd)
	if err != nil {
		return fail(exitUsage, err)
	}
	if opts.gate && !opts.formats.given {
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
		if err == nil && opts.gate && s.SLO == (record.SLO{}) {
			err = noLimits(name)
		}
		parsed, faults = append(parsed, s), append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return fail(exitUsage, err)
	}
	interrupted := catchInterrupts(cmd.Context(), cmd.ErrOrStderr())
	defer interrupted.end()
	var outcomes []error
	for i, s := range parsed {
		outcomes = append(outcomes, runScenario(interrupted, cmd, names[i], s, opts))
		if interrupted.asked() {
			break
		}
	}
	return worst(outcomes...)
}

// noLimits refuses to gate what nothing could fail.
func noLimits(scenario string) error {
	return fmt.Errorf("%s: slo: not set, so that --gate has nothing to judge; want limits in the scenario, "+
		"such as slo: {p99: 50ms, errors: 0.1%%}, or --set slo.p99=50ms", scenario)
}

// settings gathers what the command line changes in a scenario.
func (o *runOptions) settings(cmd *cobra.Command) ([]decode.Setting, error) {
	set, err := parseSets(cmd, o.set)
	return append(set, flagSettings(cmd, []flagSetting{
		{"target", "targets", "[" + strings.Join(o.targets, ",") + "]"},
		{"rounds", "rounds", strconv.Itoa(o.rounds)},
		{"seed", "seed", strconv.FormatUint(o.seed, 10)},
	})...), err
}

// flagSetting is what a flag sets in a scenario.
type flagSetting struct{ flag, key, value string }

// flagSettings are those whose flags were given.
func flagSettings(cmd *cobra.Command, all []flagSetting) (set []decode.Setting) {
	for _, s := range all {
		if cmd.Flags().Changed(s.flag) {
			set = append(set, decode.Setting{Key: s.key, Value: s.value, Flag: "--" + s.flag + " " + strings.Trim(s.value, "[]")})
		}
	}
	return set
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
		known := names(builtins, nameOf)
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

// runScenario runs one scenario, writes its reports and prints it.
func runScenario(interrupted interrupts, cmd *cobra.Command, name string, s *scenarios.Scenario, opts *runOptions) error {
	watch := newProgress(opts.progress.value, cmd.ErrOrStderr())
	runner := newRunner(opts.out, interrupted)
	runner.Asked, runner.Raw, runner.Command, runner.Observe = opts.nameTargets(name), opts.raw, repeat(name, opts, s), watch.event
	var err error
	if runner.Calibration, err = calibration.Kept(runner.Version, s.Limits.WholeCPUs()); err != nil {
		say(cmd.ErrOrStderr(), err.Error()+"; going on without it")
	}
	run, err := runner.Run(interrupted.ctx, s)
	watch.end()
	if run == nil {
		return withCode(err)
	}
	a, errReport := finish(cmd, run, opts.formats.chosen, opts.output.value)
	if opts.gate && a != nil {
		errReport = errors.Join(errReport, tellCI(cmd.ErrOrStderr(), a))
	}
	return worst(shown(err), outcome(run, a, opts.gate), fail(exitRuntime, errReport))
}

// newRunner is what plays a scenario, into a folder below dir.
func newRunner(dir string, interrupted interrupts) *trial.Runner {
	return &trial.Runner{
		Catalogue: catalogue(), Reference: reference(), Dir: dir, Version: cli.Version(),
		Stop: interrupted.stop, Diagnose: validity.DiagnoseTrial,
	}
}

// nameTargets says that the user named the targets, and not a built-in scenario, which
// names all that there may be.
func (o *runOptions) nameTargets(scenario string) bool {
	builtin := slices.ContainsFunc(scenarios.Builtins(), func(b scenarios.Builtin) bool { return b.Name == scenario })
	set := slices.ContainsFunc(o.set, func(s string) bool { return strings.HasPrefix(s, "targets") })
	return !builtin || len(o.targets) > 0 || set
}

// repeat is the command line that repeats a run. In the place of secrets it has variables
// to fill in.
func repeat(name string, opts *runOptions, s *scenarios.Scenario) []string {
	command := []string{os.Args[0], "run", name}
	if len(opts.targets) > 0 {
		command = append(command, "--target", strings.Join(opts.targets, ","))
	}
	for _, set := range opts.set {
		command = append(command, "--set", s.Secrets.Command(set))
	}
	if opts.raw {
		command = append(command, "--raw")
	}
	if opts.gate {
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
	written, err := renderFiles(a, formats)
	err = errors.Join(err, printAnalysis(cmd.OutOrStdout(), a, output))
	where := run.Dir
	if slices.Contains(written, html.Format().Name) {
		where = filepath.Join(run.Dir, "report.html")
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "servebench: %s\n", where)
	return a, err
}

// outcome is what a run says through the exit code.
func outcome(run *record.Run, a *analysis.Analysis, gate bool) error {
	switch {
	case run.Interrupted != "":
		return fail(exitInterrupted, fmt.Errorf("%s; saved to %s", run.Interrupted, run.Dir))
	case a == nil: // the reports failed, which is told elsewhere
		return nil
	}
	return verdictError(a, gate)
}

// verdictError is what an analysis says through the exit code, as stdout does; without
// gate its verdict on the servers says nothing there.
func verdictError(a *analysis.Analysis, gate bool) error {
	code, text := exitOK, ""
	switch {
	case a.Empty() && len(a.ServerFailures()) > 0: // it says nothing of the load generator
		code, text = exitNotAvailable, "NO RESULT: "+sentence.Nothing(a)
	case a.Empty():
		code, text = exitInvalid, "NO RESULT: "+sentence.Nothing(a)
	case a.Validity == record.Invalid:
		code, text = exitInvalid, "INVALID: "+sentence.Disbelief(a)+invalidBecause(a)
	case gate && a.Verdict == record.Fail:
		code, text = exitFailed, "FAIL: "+sentence.Verdict(a)
	case gate && (a.Verdict == record.Inconclusive || a.Verdict == record.NoLimit || a.Shortfall() != nil): // a run without a verdict is none better
		code, text = exitInconclusive, "INCONCLUSIVE: "+sentence.Verdict(a)
	default:
		return nil
	}
	return &cli.ExitError{Code: code, Err: errors.New(text), Printed: true}
}

// invalidBecause says by which rules a run is INVALID, and what to do, for those who see
// stderr alone.
func invalidBecause(a *analysis.Analysis) string {
	var b strings.Builder
	for _, d := range a.Diagnostics {
		if d.Severity == record.SeverityError {
			fmt.Fprintf(&b, "\n  %s: %s\n  -> %s", d.Rule, sentence.Diagnostic(d), d.Action)
		}
	}
	return b.String()
}

// withCode gives a run's error its exit code.
func withCode(err error) error {
	var missing *trial.NotAvailableError
	var faults decode.Faults
	var mistake *ab.UsageError
	var coded *cli.ExitError
	switch {
	case errors.As(err, &coded):
		return err
	case errors.As(err, &faults), errors.As(err, &mistake):
		return fail(exitUsage, err)
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return fail(exitInterrupted, err)
	case errors.As(err, &missing):
		return fail(exitNotAvailable, err)
	}
	return fail(exitRuntime, err)
}
