package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/costs"
	"servebench/cmd/servebench/option"
	"servebench/cmd/servebench/outcome"
	"servebench/cmd/servebench/recorded"
	"servebench/reports/analysis"
	"servebench/reports/analysis/capacity"
	"servebench/reports/document/sentence"
	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/decode"

	"github.com/spf13/cobra"
)

// capacityOptions are the flags of capacity.
type capacityOptions struct {
	playFlags
	from, most float64
	resume     string // the folder of the run to continue
	gate       bool
}

func capacityCommand() *cobra.Command {
	opts := capacityOptions{playFlags: newPlayFlags(false)}
	cmd := &cobra.Command{
		Use:   "capacity [SCENARIO]",
		Short: "Find the highest rate at which each target holds the SLO",
		Long: `Search for the highest rate at which each target holds the whole slo of a scenario, and
certify it. The search doubles the rate until the target does not hold it, bisects, and
then plays rounds at the rate found, each on a fresh server, until their bound shows with
95 % confidence that the slo holds. A search takes at most 12 probes, and two to four
minutes of load where the limit is a p99 and the rate some hundred per second; p99.9 takes
ten times as many requests. The progress says how long it probably still takes, and how
long at most: where the machine is disturbed and certificates are refused, many times that.

Requests are those of the scenario's first open loop that is measured, with Poisson
arrivals; its rate is the first one. Without SCENARIO it is servebench.yaml of this folder
where there is one, and else capacity. A search whose load generator is the limit ends
INVALID, and gives no capacity.

slo.capacity is the least capacity. It is met when the certified rate is at least that,
broken when the slo breaks at a rate up to that, and undecided between the two.
slo.cost_per_million is the most that a million requests may cost, in US dollars, for the
traffic and at the places of the scenario's key cost. It is met when the whole interval
of the cost is within it, broken when the whole interval is above it, and undecided
otherwise.

` + capacityExitHelp,
		Example: `  servebench capacity capacity -t physical,container
  servebench capacity my.yaml --set slo.p99=50ms -o json | jq '.capacity[].certified_rps'
  servebench capacity --continue runs/20261122-101530-capacity-a1b2`,
		Args: cli.Arguments(0, 1),
		RunE: func(cmd *cobra.Command, names []string) error {
			if err := opts.check(cmd, names); err != nil {
				return cli.Fail(cli.Usage, err)
			}
			if len(names) == 0 && opts.resume == "" {
				names = []string{usualScenario(cmd.ErrOrStderr(), "capacity")}
			}
			return searchCapacity(cmd, strings.Join(names, ""), &opts)
		},
	}
	opts.define(cmd, map[string]string{"set": "set a key of the scenario: slo.p99=20ms; with --continue, a secret that was not recorded"})
	flags := cmd.Flags()
	flags.StringVar(&opts.resume, "continue", "", "go on with the search in the `folder` of a run that was interrupted, or that ended with a step that was disturbed: that step is played again")
	flags.BoolVar(&opts.gate, "gate", false, "exit with 10 when slo.capacity or slo.cost_per_million is not met, with 11 when that is undecided, and with 64 when neither is set")
	flags.Float64Var(&opts.from, "from", 0, "the first `rate`, in requests per second, instead of the scenario's")
	flags.Float64Var(&opts.most, "most", 100_000, "the highest `rate` to try, in requests per second")
	return cmd
}

// capacityExitHelp is exitHelp in the words of a search.
const capacityExitHelp = `Exit codes:
  0    a rate is certified for every target that could run
  1    something failed while running, such as a write to a full disk
  10   FAIL of --gate: slo.capacity or slo.cost_per_million is not met
  11   INCONCLUSIVE: no rate is certified for some target, or, with --gate,
       slo.capacity or slo.cost_per_million is undecided
  12   INVALID: the load generator was the limit, or this machine cannot give what
       it needs, or nothing was measured
  20   a target is not available, or its server never got ready or gave no right
       first answer
  64   a mistake in the command line or in the scenario file
  130  interrupted; what was measured until then is saved, and --continue goes on
`

// searchCapacity searches, writes the reports and prints what was found.
func searchCapacity(cmd *cobra.Command, name string, opts *capacityOptions) error {
	if opts.gate && !opts.formats.Given {
		opts.formats = newFormats(true, true)
	}
	interrupted := catchInterrupts(cmd.Context(), cmd.ErrOrStderr())
	defer interrupted.end()
	watch := newProgress(opts.progress.Value, cmd.ErrOrStderr())
	run, err := opts.play(cmd, interrupted, name, watch)
	watch.end()
	if run == nil {
		return outcome.OfError(err)
	}
	a, errReport := finish(cmd, run, opts.formats.Chosen, opts.output.Value)
	if opts.gate && a != nil {
		errReport = errors.Join(errReport, recorded.TellCI(cmd.ErrOrStderr(), a))
	}
	found := outcome.OfRun(run, a, opts.gate)
	if found == nil && uncertified(a) {
		found = &cli.ExitError{Code: cli.Inconclusive, Err: errors.New("INCONCLUSIVE: " + sentence.Verdict(a)), Printed: true}
	}
	return cli.Worst(outcome.OfShown(err), found, cli.Fail(cli.Runtime, errReport))
}

// uncertified says that the search on some target came to no certificate.
func uncertified(a *analysis.Analysis) bool {
	return a != nil && slices.ContainsFunc(a.Capacity, func(s capacity.Searched) bool { return s.Certified == 0 })
}

// play plays a new search, or goes on with one.
func (o *capacityOptions) play(cmd *cobra.Command, interrupted interrupts, name string, watch *progress) (*record.Run, error) {
	if o.resume != "" {
		return o.goOn(cmd, interrupted, watch)
	}
	s, err := o.parse(cmd, name)
	if err != nil {
		return nil, cli.Fail(cli.Usage, err)
	}
	runner := o.runner(cmd, interrupted, name, s, watch)
	runner.Command = o.commandLine(name, s)
	return runner.Capacity(interrupted.ctx, s, record.Capacity{From: o.from, Most: o.most}, capacity.Next)
}

// goOn goes on with a search.
func (o *capacityOptions) goOn(cmd *cobra.Command, interrupted interrupts, watch *progress) (*record.Run, error) {
	run, err := record.Open(o.resume)
	if err != nil {
		return nil, cli.Fail(cli.Usage, err)
	}
	if err := unfinished(run); err != nil {
		return nil, cli.Fail(cli.Usage, fmt.Errorf("--continue %s: %w", o.resume, err))
	}
	if o.gate && !run.Scenario.SLO.OfSearch() {
		return nil, cli.Fail(cli.Usage, noCapacityLimit(o.resume))
	}
	set, err := option.Settings(cmd, o.set)
	if err != nil {
		return nil, cli.Fail(cli.Usage, err)
	}
	s, err := parseScenario("the scenario of "+o.resume, []byte(run.Scenario.Text), set)
	if err != nil {
		return nil, cli.Fail(cli.Usage, err)
	}
	s.MoveTo(run.Scenario.Dir) // where its server runs; paths in the text are absolute
	runner := o.runner(cmd, interrupted, run.Scenario.Name, s, watch)
	runner.Command, runner.Calibration = run.Command, run.Calibration
	runner.Asked = len(run.Targets) > 0 && run.Targets[0].Asked
	return runner.ContinueCapacity(interrupted.ctx, o.resume, s, capacity.Next)
}

// unfinished says why a run cannot be continued; nil where it can.
func unfinished(run *record.Run) error {
	if run.Capacity == nil {
		return errors.New("it is no search for a capacity; want the folder of a run of servebench capacity")
	}
	disturbed := slices.ContainsFunc(run.Capacity.Steps, func(s record.SearchStep) bool { return s.Disturbed != "" })
	if run.Interrupted != "" || run.Finished.IsZero() || disturbed {
		return nil
	}
	return errors.New("its search has come to its end; want a new search")
}

// check finds flags that make no sense beside --continue.
func (o *capacityOptions) check(cmd *cobra.Command, names []string) error {
	if o.resume == "" {
		return nil
	}
	var faults []error
	if len(names) > 0 {
		faults = append(faults, errors.New("--continue goes on with the scenario of the run: want no SCENARIO beside it"))
	}
	for _, flag := range []string{"target", "from", "most", "seed", "out"} {
		if option.OnCommandLine(cmd, flag) {
			faults = append(faults, fmt.Errorf("--continue goes on with the targets and the rates of the run: want no --%s beside it", flag))
		}
	}
	return errors.Join(faults...)
}

// parse reads the scenario, and finds what makes no search.
func (o *capacityOptions) parse(cmd *cobra.Command, name string) (*scenarios.Scenario, error) {
	var faults decode.Faults
	if o.from < 0 {
		faults = append(faults, decode.Fault{Field: "--from", Problem: fmt.Sprintf("%g is no rate", o.from), Want: "requests per second, such as 100"})
	}
	if o.most <= 0 || o.from > o.most {
		faults = append(faults, decode.Fault{Field: "--most", Problem: fmt.Sprintf("%g is below the first rate", o.most), Want: "requests per second, at least those of --from"})
	}
	if faults != nil {
		return nil, faults
	}
	set, err := o.settings(cmd)
	if err != nil {
		return nil, err
	}
	text, err := scenarioText(cmd.Context(), name)
	if err != nil {
		return nil, err
	}
	s, err := parseScenario(name, text, set)
	if err == nil {
		err = costs.RecordPrices(cmd.Context(), s.Cost, s.Source)
	}
	if err != nil {
		return nil, err
	}
	if o.gate && !s.SLO.OfSearch() {
		return nil, noCapacityLimit(name)
	}
	if !capacity.Searchable(s.SLO) {
		return nil, fmt.Errorf("%s: slo: no limit of a time or of errors above 0 %%, so that no rate breaks it; want one, "+
			"such as slo: {p99: 50ms, errors: 0.1%%}, or --set slo.p99=50ms", name)
	}
	return s, nil
}

// noCapacityLimit refuses to gate what nothing could fail.
func noCapacityLimit(name string) error {
	return fmt.Errorf("%s: slo.capacity and slo.cost_per_million: not set, so that --gate has nothing to judge; want a rate, such as slo: {p99: 50ms, capacity: 500/s}, or --set slo.capacity=500/s", name)
}

// commandLine repeats a search.
func (o *capacityOptions) commandLine(name string, s *scenarios.Scenario) []string {
	command := o.repeat("capacity", name, s.Secrets)
	if o.gate {
		command = append(command, "--gate")
	}
	if o.from > 0 {
		command = append(command, "--from", strconv.FormatFloat(o.from, 'f', -1, 64))
	}
	return append(command, "--most", strconv.FormatFloat(o.most, 'f', -1, 64), "--seed", strconv.FormatUint(s.Seed, 10))
}
