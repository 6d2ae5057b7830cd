package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/option"
	"servebench/generators"
	"servebench/generators/export"
	"servebench/generators/shift"

	"github.com/spf13/cobra"
)

func generateCommand() *cobra.Command {
	var children []*cobra.Command
	for _, kind := range generatorKinds() {
		children = append(children, generateOne(kind))
	}
	return cli.Group("generate", "Write synthetic data to stdout", children...)
}

// generateOptions are the flags of generate.
type generateOptions struct {
	n        int64
	seed     uint64
	readable bool
	set      []string
	format   *option.OneOf

	concept, covariate []string
	shape              *option.OneOf
	at, width, period  int64
}

func generateOne(kind generators.Kind) *cobra.Command {
	opts := generateOptions{shape: option.NewOneOf(shift.Sudden, shift.Gradual, shift.Recurring), format: option.NewOneOf(option.Names(dataFormats(), func(f export.Format) string { return f.Name })...)}
	cmd := &cobra.Command{
		Use:   kind.Name,
		Short: kind.Doc,
		Long:  kind.Doc + "\n\n" + describeExamples(kind) + "\nParameters for --set:\n" + describeParams(kind.Params),
		Args:  cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			params, err := parseParams(kind, opts.set)
			if err == nil && opts.n < 0 {
				err = fmt.Errorf("-n %d: want a number of examples, 0 or more", opts.n)
			}
			var generator generators.Generator
			if err == nil {
				generator, err = opts.open(kind, params)
			}
			if err != nil {
				return cli.Fail(cli.Usage, err)
			}
			return cli.Fail(cli.Runtime, generate(cmd.OutOrStdout(), generator, &opts))
		},
	}
	flags := cmd.Flags()
	flags.Int64VarP(&opts.n, "number", "n", 1000, "how many examples")
	flags.Uint64Var(&opts.seed, "seed", 1, "the same seed gives the same bytes")
	flags.BoolVar(&opts.readable, "readable", false, "add the human-readable columns (slower)")
	flags.StringArrayVar(&opts.set, "set", nil, "set a parameter: "+exampleSetting(kind.Params))
	flags.VarP(opts.format, "format", "f", "format of the data")
	flags.StringArrayVar(&opts.concept, "concept", nil, "concept drift: a parameter takes another value, such as "+exampleDrift(kind.Params))
	flags.StringArrayVar(&opts.covariate, "covariate", nil, "covariate shift: the mean of a feature moves by so many standard deviations, such as FEATURE=0.5")
	flags.Var(opts.shape, "shape", "how the examples drift")
	flags.Int64Var(&opts.at, "at", 0, "how many examples come before the drift; of a gradual one, before its middle")
	flags.Int64Var(&opts.width, "width", 0, "about how many examples a gradual drift takes")
	flags.Int64Var(&opts.period, "period", 0, "how many examples are of each kind in turn, in a recurring drift")
	return cmd
}

// describeExamples says what a model of this data has to take and to answer.
func describeExamples(kind generators.Kind) string {
	generator, err := kind.Open(generators.Config{})
	if err != nil {
		return "" // no parameters are set, so none is wrong
	}
	schema := generator.Schema()
	var b strings.Builder
	fmt.Fprintf(&b, "Features, in this order:\n")
	for _, f := range schema.Features {
		fmt.Fprintf(&b, "  %-13s %s%s\n", f.Name, f.Doc, codes(f.Categories, ": the code "))
	}
	fmt.Fprintf(&b, "Labels:%s\n", codes(schema.Classes, " "))
	if len(schema.Classes) > 1 {
		fmt.Fprintf(&b, "A probability is that of label 1, %s.\n", schema.Classes[1])
	}
	return b.String()
}

// codes lists names with their indexes; of many, the first two and the last.
func codes(names []string, lead string) string {
	var list []string
	for i, name := range names {
		if len(names) > 6 && i == 2 {
			list = append(list, "…")
		}
		if len(names) <= 6 || i < 2 || i == len(names)-1 {
			list = append(list, fmt.Sprintf("%d %s", i, name))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return lead + strings.Join(list, ", ")
}

func describeParams(params []generators.Param) string {
	var b strings.Builder
	for _, p := range params {
		fmt.Fprintf(&b, "  %-13s %s (%v to %v, default %v)\n", p.Name, p.Doc, p.Min, p.Max, p.Default)
	}
	return b.String()
}

func exampleSetting(params []generators.Param) string {
	if len(params) == 0 {
		return "this generator has none"
	}
	return fmt.Sprintf("%s=%v", params[0].Name, params[0].Default)
}

func exampleDrift(params []generators.Param) string {
	for _, p := range params {
		if p.LabelsOnly {
			return fmt.Sprintf("%s=%v", p.Name, p.Max)
		}
	}
	return "this generator has none that the labels alone depend on"
}

// open opens the generator, with the drift that was asked for.
func (o *generateOptions) open(kind generators.Kind, params map[string]float64) (generators.Generator, error) {
	cfg := generators.Config{Params: params, Readable: o.readable, Seed: o.seed}
	concept, errConcept := parseNumbers("concept", o.concept, exampleDrift(kind.Params))
	covariate, errCovariate := parseNumbers("covariate", o.covariate, "FEATURE=0.5")
	if err := errors.Join(errConcept, errCovariate); err != nil {
		return nil, err
	}
	spec := shift.Spec{Concept: concept, Covariate: covariate, Shape: shift.Shape{Kind: o.shape.Value, At: o.at, Width: o.width, Period: o.period}}
	if len(concept)+len(covariate) > 0 {
		return spec.New(kind, cfg)
	}
	if spec.Shape != (shift.Shape{Kind: shift.Sudden}) {
		return nil, errors.New("--shape, --at, --width and --period are of a drift: want --concept or --covariate beside them")
	}
	return kind.Open(cfg)
}

// parseNumbers reads the values of a flag that are names with numbers.
func parseNumbers(flag string, values []string, example string) (map[string]float64, error) {
	numbers := map[string]float64{}
	var faults []error
	for _, text := range values {
		name, value, _ := strings.Cut(text, "=")
		number, err := strconv.ParseFloat(value, 64)
		if err != nil {
			faults = append(faults, fmt.Errorf("--%s %s: want a name and a number, such as %s", flag, text, example))
			continue
		}
		numbers[name] = number
	}
	return numbers, errors.Join(faults...)
}

// parseParams reads the --set flags and has the generator check them.
func parseParams(kind generators.Kind, set []string) (map[string]float64, error) {
	params, errNumbers := parseNumbers("set", set, exampleSetting(kind.Params))
	faults := []error{errNumbers}
	if _, err := kind.Open(generators.Config{Params: params}); err != nil {
		faults = append(faults, fmt.Errorf("--set: %w", err))
	}
	return params, errors.Join(faults...)
}

// generate streams the examples to w.
func generate(w io.Writer, generator generators.Generator, opts *generateOptions) error {
	format := dataFormats()[slices.Index(opts.format.Words, opts.format.Value)]
	out := format.New(w, generator.Schema())
	rng := rand.New(rand.NewPCG(opts.seed, 0))
	for range opts.n {
		if err := out.Write(generator.Next(rng)); err != nil {
			return fmt.Errorf("write %s: %w", format.Name, err)
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write %s: %w", format.Name, err)
	}
	return nil
}
