package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/option"
	"servebench/cmd/servebench/outcome"
	"servebench/cmd/servebench/recorded"
	"servebench/reports/analysis"
	"servebench/reports/document/sentence"
	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/ab"
	"servebench/scenarios/decode"
	"servebench/scenarios/secret"
	"servebench/scenarios/trial"

	"github.com/spf13/cobra"
)

// abOptions are the flags of ab.
type abOptions struct {
	playFlags
	baseline, candidate []string
	build               string
	same                bool
	forget              bool   // the noise floor that is kept
	resume              string // the folder of the run to continue
	rounds              int
	margin, tolerance   string
	metrics             []string
}

func abCommand() *cobra.Command {
	opts := abOptions{playFlags: newPlayFlags(true)}
	cmd := &cobra.Command{
		Use:   "ab [SCENARIO] --candidate SERVER [--baseline SERVER]",
		Short: "Find out whether a candidate is slower than a baseline",
		Long: `Compare two servers round by round. Each round starts both afresh, in random order,
and sends both the same requests at the same due times. The test ends as soon as it is
decided. FAIL: the candidate is significantly slower, by at least the margin, or fails
more requests. PASS: it is significantly less than the tolerance slower. Otherwise the
test is INCONCLUSIVE and says how many more rounds would decide it. SCENARIO is the same
as for servebench run, with one target; without one, it is servebench.yaml of this
folder where there is one, and else gate. Its key regression says what is compared,
and how.

SERVER is one of
  rev:REVISION   a revision of the git repository of the working folder, checked out
                 into a separate folder and built there with --build; the program of
                 workload.command is taken from it (bin/refserver, of the reference
                 server). With workload.files, the server also runs in it, with those
                 files in it, so that an interpreter runs the revision's code; without,
                 files that it opens by relative paths are the working folder's. What is
                 not committed is not in it, unless --build makes it
  bin:PATH       another program in place of that of workload.command, or of the
                 reference server
  image:IMAGE    another workload.image
  url:URL        a server that runs already
  KEY=VALUE      the scenario with another setting; several are separated by commas
  as-is          the scenario as it is, which is the baseline unless told otherwise
Without the word and colon, a file is a program, http://… a URL, what has an = in it
a setting, and anything else a revision. Give --baseline or --candidate several times
for a server with further settings.

` + abExitHelp,
		Example: `  servebench ab gate --candidate workload.delay=100us
  servebench ab my.yaml --baseline rev:main --candidate rev:HEAD --build "make build"
  servebench ab my.yaml --baseline bin:old/server --candidate bin:new/server --metrics p50,p99
  servebench ab my.yaml --baseline url:http://127.0.0.1:8001 --candidate url:http://127.0.0.1:8002
  servebench ab --continue runs/20261122-101530-gate-a1b2 --rounds 60
  servebench ab --aa`,
		Args: cli.Arguments(0, 1),
		RunE: func(cmd *cobra.Command, names []string) error {
			if err := opts.check(cmd, names); err != nil {
				return cli.Fail(cli.Usage, err)
			}
			if len(names) == 0 && opts.resume == "" {
				names = []string{usualScenario(cmd.ErrOrStderr(), "gate")}
			}
			return runABTest(cmd, strings.Join(names, ""), &opts)
		},
	}
	opts.defineAll(cmd)
	return cmd
}

// abExitHelp is exitHelp in the words of an A/B test.
const abExitHelp = `Exit codes:
  0    PASS: the candidate is significantly less than the tolerance slower
  1    something failed while running: a server died, a build failed
  10   FAIL: the candidate is slower, or fails more requests
  11   INCONCLUSIVE: not decided yet
  12   INVALID: the load generator was the bottleneck, or this machine cannot give
       what it needs, or nothing was measured
  20   a target is not available, or its server never got ready or gave no right
       first answer
  64   a mistake in the command line or in a scenario file
  130  interrupted; what was measured until then is saved, and --continue goes on
`

func (o *abOptions) defineAll(cmd *cobra.Command) {
	o.define(cmd, map[string]string{
		"target": "target of both servers, instead of the scenario's",
		"set":    "set a key of the scenario, for both servers: load.steady.rate=800; with --continue, a secret that was not recorded",
	})
	flags := cmd.Flags()
	flags.StringArrayVar(&o.baseline, "baseline", nil, "the `server` to compare with (default as-is)")
	flags.StringArrayVar(&o.candidate, "candidate", nil, "the `server` that may be slower")
	flags.StringVar(&o.build, "build", "", "shell `command` that builds a revision, in its folder: \"make build\"")
	flags.BoolVar(&o.same, "aa", false, "compare the baseline with itself: the noise of this machine, which is kept, and no margin below it is taken")
	flags.BoolVar(&o.forget, "forget-noise", false, "forget the noise floor that --aa has kept of this scenario on this machine")
	flags.StringVar(&o.resume, "continue", "", "go on with the A/B test in the `folder` of a run that is interrupted or INCONCLUSIVE, or that ended because its load generator was disturbed: that round is rerun")
	flags.IntVar(&o.rounds, "rounds", 0, "rounds at most, instead of the scenario's regression.rounds; with --continue, those already run included")
	flags.StringVar(&o.margin, "margin", "", "regression.margin instead of the scenario's: 3%")
	flags.StringVar(&o.tolerance, "tolerance", "", "regression.tolerance instead of the scenario's: 5%")
	flags.StringSliceVar(&o.metrics, "metrics", nil, "what to compare instead of the scenario's: "+strings.Join(record.Metrics(), ", "))
}

// check finds flags that make no sense together.
func (o *abOptions) check(cmd *cobra.Command, names []string) error {
	var faults []error
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(o.same && len(o.candidate) > 0, "--aa compares the baseline with itself: want no --candidate beside it")
	if o.resume == "" {
		fault(!o.same && len(o.candidate) == 0, "no candidate named: want --candidate SERVER, such as --candidate rev:HEAD")
		return errors.Join(faults...)
	}
	fault(len(names) > 0, "--continue goes on with the scenario of the run: want no SCENARIO beside it")
	for _, flag := range []string{"baseline", "candidate", "build", "aa", "forget-noise", "margin", "tolerance", "metrics", "target", "seed", "out"} {
		fault(option.OnCommandLine(cmd, flag), "--continue goes on with the servers and the rules of the run: want no --%s beside it", flag)
	}
	return errors.Join(faults...)
}

// changes are what the command line changes in the scenario of both servers.
func (o *abOptions) changes(cmd *cobra.Command) ([]decode.Setting, error) {
	if o.resume != "" {
		return option.Settings(cmd, o.set) // which have to change nothing
	}
	return o.settings(cmd,
		flagSetting{"rounds", "regression.rounds", strconv.Itoa(o.rounds)},
		flagSetting{"margin", "regression.margin", o.margin},
		flagSetting{"tolerance", "regression.tolerance", o.tolerance},
		flagSetting{"metrics", "regression.metrics", "[" + strings.Join(o.metrics, ",") + "]"},
	)
}

// runABTest plays a new A/B test, or goes on with one, and writes its reports.
func runABTest(cmd *cobra.Command, name string, opts *abOptions) (err error) {
	interrupted := catchInterrupts(cmd.Context(), cmd.ErrOrStderr())
	defer interrupted.end()
	watch := newProgress(opts.progress.Value, cmd.ErrOrStderr())
	runner := newRunner(opts.out, interrupted)
	runner.Observe = watch.event
	test := &ab.Test{
		Runner: *runner, ReferenceServer: program("refserver"),
		Note:    func(text string) { watch.event(trial.Event{Note: text}) },
		Interim: func(standing string) { watch.standing = standing },
	}
	defer func() { err = cli.Worst(err, cli.Fail(cli.Runtime, test.Close())) }()
	run, err := opts.play(cmd, interrupted.ctx, test, name)
	watch.end()
	if run == nil {
		return outcome.OfError(err)
	}
	a, errReport := finish(cmd, run, opts.formats.Chosen, opts.output.Value)
	if a != nil {
		errReport = errors.Join(errReport, recorded.TellCI(cmd.ErrOrStderr(), a), test.KeepNoise(a))
	}
	return cli.Worst(outcome.OfShown(err), abOutcome(run, a), cli.Fail(cli.Runtime, errReport))
}

// play plays a new A/B test, or goes on with one.
func (o *abOptions) play(cmd *cobra.Command, ctx context.Context, test *ab.Test, name string) (*record.Run, error) {
	set, err := o.changes(cmd)
	if err != nil {
		return nil, cli.Fail(cli.Usage, err)
	}
	if o.resume != "" {
		return test.Continue(ctx, o.resume, o.rounds, set)
	}
	text, err := scenarioText(ctx, name)
	if err != nil {
		return nil, cli.Fail(cli.Usage, err)
	}
	named := ab.Named{Baseline: o.baseline, Candidate: o.candidate, Build: o.build}
	if o.same {
		named.Candidate = o.baseline
	}
	specs, parsed, err := named.Parse(ctx, set, func(set []decode.Setting) (*scenarios.Scenario, error) {
		return parseScenario(name, text, set)
	})
	if err != nil {
		return nil, cli.Fail(cli.Usage, err)
	}
	return test.Run(ctx, ab.Options{
		Specs: specs, Scenarios: parsed, Same: o.same, Forget: o.forget, Build: o.build,
		Command: func(secrets *secret.Keeper) []string { return o.commandLine(name, secrets) },
	})
}

// commandLine repeats an A/B test.
func (o *abOptions) commandLine(name string, secrets *secret.Keeper) []string {
	command := o.repeat("ab", name, secrets)
	add := func(flag string, values ...string) {
		for _, v := range values {
			if v != "" {
				command = append(command, "--"+flag, secrets.Command(v))
			}
		}
	}
	if o.same {
		command = append(command, "--aa")
	}
	add("baseline", o.baseline...)
	add("candidate", o.candidate...)
	add("build", o.build)
	add("margin", o.margin)
	add("tolerance", o.tolerance)
	add("metrics", strings.Join(o.metrics, ","))
	if o.rounds > 0 {
		add("rounds", strconv.Itoa(o.rounds))
	}
	if o.seed > 0 {
		add("seed", strconv.FormatUint(o.seed, 10))
	}
	return command
}

// abOutcome is what an A/B test says through the exit code.
func abOutcome(run *record.Run, a *analysis.Analysis) error {
	if err := outcome.OfRun(run, a, false); err != nil || a == nil || run.AB.Same {
		return err
	}
	switch a.AB.Verdict {
	case record.Fail:
		return cli.Fail(cli.Failed, errors.New("FAIL: "+sentence.ABWhy(a)))
	case record.Inconclusive:
		more := ""
		if advice := sentence.Advice(a.AB); advice != "" {
			more = strings.TrimRight(fmt.Sprintf("\n  %s:\n  %s", advice, a.AB.Command), ": \n")
		}
		return cli.Fail(cli.Inconclusive, errors.New("INCONCLUSIVE: "+sentence.ABWhy(a)+more))
	}
	return nil
}
