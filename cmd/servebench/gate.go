package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/option"
	"servebench/cmd/servebench/outcome"
	"servebench/cmd/servebench/recorded"
	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/document"
	jsonreport "servebench/reports/json"
	"servebench/reports/record"
	"servebench/reports/record/userfile"
	"servebench/reports/text"
	"servebench/scenarios"
	"servebench/scenarios/decode"

	"github.com/spf13/cobra"
)

// gateOptions are the flags of gate.
type gateOptions struct {
	slo     string
	sloText []byte // what the file slo holds
	set     []string
	limit   []decode.Setting // of set, those of limits
	formats *option.SomeOf[reports.Format]
	output  *option.OneOf
}

func gateCommand() *cobra.Command {
	opts := gateOptions{output: option.NewOneOf("text", "json"), formats: newFormats(false, true)}
	cmd := &cobra.Command{
		Use:   "gate RUN...",
		Short: "Judge recorded runs by their limits, for continuous integration",
		Long: `Judge runs that are recorded by the limits (slo) of their scenario, each limit for
each target and measured phase, and write what continuous integration reads into
the folder of the run (ci/). RUN is that folder. Of several runs the worst decides
the exit code. An A/B test is judged by its comparison.

What is judged is the server in further rounds like these, and not the requests of
these alone: where rounds differ by more than chance it takes more of them to decide.

With --slo or --set other limits decide than those that the run was made with:
--slo FILE in their place, --set slo.KEY=VALUE one by one. What was not recorded for
them stays undecided: the time to first byte, and goodput within another deadline
where that of the recorded one does not prove it. A search for a capacity is judged by
slo.capacity: PASS from the certified rate down, FAIL from the rate up that breaks the
rest of the slo; and by slo.cost_per_million, with the prices that the run recorded.

` + outcome.Help,
		Example: `  servebench gate runs/20261122-101530-compare-a1b2
  servebench gate runs/* --set slo.p99=20ms --set slo.errors=0.1%
  servebench gate runs/20261122-101530-compare-a1b2 --slo strict.yaml -o json`,
		Args: cli.Arguments(1, -1),
		RunE: func(cmd *cobra.Command, dirs []string) error { return gate(cmd, dirs, &opts) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.slo, "slo", "", "file with the limits to judge by: a scenario, or its key slo alone")
	flags.StringArrayVar(&opts.set, "set", nil, "set a limit to judge by: slo.p99=20ms")
	flags.VarP(opts.formats, "format", "f", "reports to write: "+opts.formats.Known())
	flags.VarP(opts.output, "output", "o", "print as")
	return cmd
}

// gate judges every run before it says which was the worst.
func gate(cmd *cobra.Command, dirs []string, opts *gateOptions) error {
	err := opts.readSets(cmd)
	if err != nil {
		return cli.Fail(cli.Usage, err)
	}
	if opts.slo != "" {
		if opts.sloText, err = userfile.ReadTextOnce(cmd.Context(), opts.slo, maxScenario); err != nil {
			return cli.Fail(cli.Usage, fmt.Errorf("read limits: %w", err))
		}
	}
	var outcomes []error
	for _, dir := range dirs {
		outcomes = append(outcomes, gateRun(cmd, dir, opts))
	}
	return cli.Worst(outcomes...)
}

// readSets reads the settings. One of the environment that is for a run, and sets no
// limit, is not used.
func (o *gateOptions) readSets(cmd *cobra.Command) error {
	set, err := option.Settings(cmd, o.set)
	for _, s := range set {
		if s.Key != "slo" && !strings.HasPrefix(s.Key, "slo.") && s.Flag != "" {
			say(cmd.ErrOrStderr(), s.Flag+" was not used: a gate takes settings of slo alone")
			continue
		}
		o.limit = append(o.limit, s)
	}
	return err
}

func gateRun(cmd *cobra.Command, dir string, opts *gateOptions) error {
	run, err := recorded.Open(dir)
	if err != nil {
		return err
	}
	slo, by, err := opts.limits(run)
	if err != nil {
		return cli.Fail(cli.Usage, err)
	}
	a, err := analysis.AnalyseBy(run, slo, by)
	if err != nil {
		return cli.Fail(cli.Runtime, err)
	}
	if opts.slo == "" {
		for _, s := range opts.limit {
			a.Limits = append(a.Limits, "--set", s.Key+"="+s.Value)
		}
	}
	err = printGates(cmd.OutOrStdout(), a, opts.output.Value)
	_, errFiles := recorded.WriteReports(a, opts.formats.Chosen)
	return cli.Worst(outcome.OfAnalysis(a, true), cli.Fail(cli.Runtime, errors.Join(err, errFiles, recorded.TellCI(cmd.ErrOrStderr(), a))))
}

func printGates(w io.Writer, a *analysis.Analysis, output string) error {
	if output == "json" {
		return jsonreport.Write(w, a)
	}
	return text.Write(w, document.Limits(a), text.StyleOf(w))
}

// limits are those to judge a run by, and where they are from: "" of its own.
func (o *gateOptions) limits(run *record.Run) (slo record.SLO, by string, err error) {
	other := o.slo != "" || len(o.limit) > 0
	switch {
	case run.AB != nil && other:
		return slo, "", fmt.Errorf("%s: an A/B test is judged by its comparison, not by limits; leave out --slo and --set", run.Dir)
	case run.AB != nil:
		return slo, "", nil
	case other:
		slo, by, err = o.others(run)
	default:
		slo = run.Scenario.SLO
	}
	if err == nil && run.Capacity != nil {
		return slo, by, searchLimits(run, slo)
	}
	if err == nil && slo == (record.SLO{}) {
		err = fmt.Errorf("%s: there are no limits to judge it by; give some with --slo FILE or --set slo.p99=20ms, or add the key slo to scenario %s and run it again", run.Dir, run.Scenario.Name)
	}
	return slo, by, err
}

// searchLimits refuses limits that a search cannot be judged by: it found the rate at which
// those hold that it was made with.
func searchLimits(run *record.Run, slo record.SLO) error {
	if !slo.OfSearch() {
		return fmt.Errorf("%s: a search for a capacity is judged by slo.capacity and slo.cost_per_million, and neither is set; give one with --set slo.capacity=500/s", run.Dir)
	}
	made := run.Scenario.SLO
	slo.Capacity, made.Capacity, slo.CostPerMillion, made.CostPerMillion = 0, 0, 0, 0
	other, err := scenarios.FormatSLO(slo)
	own, errOwn := scenarios.FormatSLO(made)
	if err = errors.Join(err, errOwn); err == nil && slo != (record.SLO{}) && !bytes.Equal(other, own) {
		err = fmt.Errorf("%s: the search found at which rate the slo of its scenario holds, so that only slo.capacity and slo.cost_per_million can be others; leave the other limits out, or search again with them: servebench capacity", run.Dir)
	}
	return err
}

// others reads the limits of a file, or takes the run's own, and changes them as the
// command line says.
func (o *gateOptions) others(run *record.Run) (record.SLO, string, error) {
	var by []string
	if o.slo != "" {
		by = append(by, "--slo "+o.slo)
	}
	for _, s := range o.limit {
		by = append(by, s.String())
	}
	name, file, err := o.file(run)
	if err != nil {
		return record.SLO{}, "", err
	}
	// Where the scenario is one of another servebench, limits that it could not decide
	// stay INCONCLUSIVE.
	of, err := scenarios.Parse(run.Scenario.Name, []byte(run.Scenario.Text), catalogue())
	if err != nil {
		of = nil
	}
	slo, err := scenarios.ParseSLO(name, file, catalogue(), of, o.limit...)
	return slo, strings.Join(by, " "), err
}

// file is what the limits are read from.
func (o *gateOptions) file(run *record.Run) (name string, text []byte, err error) {
	if o.slo == "" {
		text, err = scenarios.FormatSLO(run.Scenario.SLO)
		return "limits of the run", text, err
	}
	return o.slo, o.sloText, nil
}
