package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/option"
	"servebench/cmd/servebench/recorded"
	"servebench/reports/analysis"
	"servebench/reports/analysis/compare"
	"servebench/reports/baseline"
	"servebench/reports/benchfmt"
	"servebench/reports/document"
	"servebench/reports/document/sentence"
	jsonreport "servebench/reports/json"
	"servebench/reports/markdown"
	"servebench/reports/text"

	"github.com/spf13/cobra"
)

// compareOptions are the flags of compare.
type compareOptions struct {
	allow    *option.SomeOf[compare.Kind]
	baseline string
	dir      string
	output   *option.OneOf
}

func compareCommand() *cobra.Command {
	opts := compareOptions{output: option.NewOneOf("text", "json", "markdown"), allow: &option.SomeOf[compare.Kind]{All: compare.Kinds(), NameOf: kindName}}
	cmd := &cobra.Command{
		Use:   "compare [BASE] NEW...",
		Short: "Hold runs against an earlier one: what differs, and the ratios of their figures",
		Long: `Hold each run NEW against the run BASE: first whether the two may be compared at
all, then the ratio of every figure with its interval over rounds. BASE and NEW are
folders of runs. With one run alone, or with --baseline, BASE is the stored baseline
of its scenario (servebench baseline set).

It is no gate, and judges nothing: what the machine did between two runs is in their
ratios. servebench ab runs both servers in every round, and judges.

Two runs are not comparable when one of these differs, unless --allow names it:
` + kindsHelp() + `What else differs is told as a remark.

benchstat compares what servebench report --format benchfmt writes of each run:
benchstat BASE/` + benchfmt.File + ` NEW/` + benchfmt.File + `
and the targets of one run, the variants of an A/B test among them, with
benchstat -col /target RUN/` + benchfmt.File + `

Exit codes:
  0   compared
  1   a run cannot be read
  13  runs are not comparable
  64  a mistake in the command line: a folder that holds no run, or no baseline is
      stored
`,
		Example: `  servebench compare runs/20261122-101530-compare-a1b2 runs/20261123-101530-compare-c3d4
  servebench compare runs/20261123-101530-compare-c3d4      with the stored baseline
  servebench compare runs/* --allow machine,seed -o json`,
		Args: cli.Arguments(1, -1),
		RunE: func(cmd *cobra.Command, dirs []string) error { return compareRuns(cmd, dirs, &opts) },
	}
	flags := cmd.Flags()
	flags.Var(opts.allow, "allow", "differences that do not matter: "+opts.allow.Known())
	flags.StringVar(&opts.baseline, "baseline", "", "compare all runs with the stored baseline of this name")
	flags.StringVar(&opts.dir, "dir", baselineDir, "folder with the stored baselines")
	flags.VarP(opts.output, "output", "o", "print as")
	return cmd
}

func kindName(k compare.Kind) string { return k.Name }

// kindsHelp lists the kinds of difference with what they are.
func kindsHelp() string {
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, k := range compare.Kinds() {
		fmt.Fprintf(tw, "  %s\t%s\n", k.Name, k.Doc)
	}
	tw.Flush() // to memory, which cannot fail
	return b.String()
}

func compareRuns(cmd *cobra.Command, dirs []string, opts *compareOptions) error {
	base, dirs, err := opts.base(dirs)
	if err != nil {
		return err
	}
	var all []*compare.Comparison
	for _, dir := range dirs {
		fresh, err := recorded.Analyse(dir)
		if err != nil {
			return err
		}
		all = append(all, compare.Runs(base, fresh, option.Names(opts.allow.Chosen, kindName)))
	}
	if err := printComparisons(cmd.OutOrStdout(), all, opts.output.Value); err != nil {
		return cli.Fail(cli.Runtime, err)
	}
	return incomparable(all)
}

// base analyses the run that the others are held against, and returns these.
func (o *compareOptions) base(dirs []string) (*analysis.Analysis, []string, error) {
	if o.baseline == "" && len(dirs) > 1 {
		base, err := recorded.Analyse(dirs[0])
		return base, dirs[1:], err
	}
	name := o.baseline
	if name == "" {
		name = baseline.DefaultName
	}
	fresh, err := recorded.Open(dirs[0])
	if err != nil {
		return nil, nil, err
	}
	run, err := baseline.Store{Dir: o.dir}.Open(name, fresh.Scenario.Name)
	if err != nil {
		return nil, nil, baselineError(err)
	}
	base, err := analysis.Analyse(run)
	return base, dirs, cli.Fail(cli.Runtime, err)
}

func printComparisons(w io.Writer, all []*compare.Comparison, output string) error {
	switch output {
	case "json":
		return jsonreport.WriteComparisons(w, all)
	case "markdown":
		return markdown.Write(w, document.Comparisons(all), math.MaxInt)
	}
	return text.Write(w, document.Comparisons(all), text.StyleOf(w))
}

// incomparable is what the comparisons say through the exit code.
func incomparable(all []*compare.Comparison) error {
	var faults []error
	for _, c := range all {
		if !c.Comparable() {
			faults = append(faults, errors.New("NOT COMPARABLE: "+sentence.ComparisonLine(c)))
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return cli.Fail(cli.NotComparable, errors.Join(faults...))
}
