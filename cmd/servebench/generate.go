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
}

func generateOne(kind generators.Kind) *cobra.Command {
	opts := generateOptions{format: option.NewOneOf(option.Names(dataFormats(), func(f export.Format) string { return f.Name })...)}
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
			if err != nil {
				return cli.Fail(cli.Usage, err)
			}
			return cli.Fail(cli.Runtime, generate(cmd.OutOrStdout(), kind, params, &opts))
		},
	}
	flags := cmd.Flags()
	flags.Int64VarP(&opts.n, "number", "n", 1000, "how many examples")
	flags.Uint64Var(&opts.seed, "seed", 1, "the same seed gives the same bytes")
	flags.BoolVar(&opts.readable, "readable", false, "add the human-readable columns (slower)")
	flags.StringArrayVar(&opts.set, "set", nil, "set a parameter: "+exampleSetting(kind.Params))
	flags.VarP(opts.format, "format", "f", "format of the data")
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

// parseParams reads the --set flags and has the generator check them.
func parseParams(kind generators.Kind, set []string) (map[string]float64, error) {
	params := map[string]float64{}
	var faults []error
	for _, text := range set {
		name, value, _ := strings.Cut(text, "=")
		number, err := strconv.ParseFloat(value, 64)
		if err != nil {
			faults = append(faults, fmt.Errorf("--set %s: want a name and a number, such as %s", text, exampleSetting(kind.Params)))
			continue
		}
		params[name] = number
	}
	if _, err := kind.Open(generators.Config{Params: params}); err != nil {
		faults = append(faults, fmt.Errorf("--set: %w", err))
	}
	return params, errors.Join(faults...)
}

// generate streams the examples to w.
func generate(w io.Writer, kind generators.Kind, params map[string]float64, opts *generateOptions) error {
	generator, err := kind.Open(generators.Config{Params: params, Readable: opts.readable, Seed: opts.seed})
	if err != nil {
		return err
	}
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
