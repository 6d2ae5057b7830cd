package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"servebench/cmd/cli"
	"servebench/generators"
	"servebench/reports/record/userfile"
	"servebench/targets/reference/models/training"
)

// trainCommand returns `refserver train`.
func trainCommand() *cobra.Command {
	recipe := training.Default()
	recipe.Params = map[string]float64{}
	var out string
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train a model and say how good it is",
		Long: `Train gradient-boosted trees on synthetic loan applications, test them on
examples they have not seen, and write them in XGBoost's JSON model format,
which Python reads with xgboost.Booster(model_file="model.json"), or in ONNX
where the file is called .onnx.

Everything follows from the seed: the same flags give the same file, byte for
byte. The account of the model goes to stdout, or to stderr with --out -.`,
		Example: `  refserver train --seed 1 --out model.json
  refserver train --out model.onnx
  refserver train --function 5 --noise 0 --trees 200 --depth 6 --out - > model.json`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			stdout, account := cmd.OutOrStdout(), cmd.OutOrStdout()
			if out == "-" {
				account = cmd.ErrOrStderr()
			}
			return train(recipe, out, stdout, account)
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "model.json", "`file` to write the model to; - for stdout")
	recipeFlags(cmd, &recipe)
	return cmd
}

// recipeFlags adds a flag for every number of the recipe; those of the generator
// come from its list of parameters.
func recipeFlags(cmd *cobra.Command, recipe *training.Recipe) {
	f, t := cmd.Flags(), &recipe.Trees
	f.SortFlags = false
	f.Uint64Var(&recipe.Seed, "seed", recipe.Seed, "seed of everything random")
	f.IntVar(&recipe.Examples, "examples", recipe.Examples, "examples in all: 60 % to train, 20 % to validate, 20 % to test")
	for _, p := range recipe.Generator.Params {
		f.Var(parameter{recipe.Params, p}, p.Name, fmt.Sprintf("%s, %v to %v", p.Doc, p.Min, p.Max))
	}
	f.IntVar(&t.Trees, "trees", t.Trees, "most trees to grow")
	f.IntVar(&t.Depth, "depth", t.Depth, "most splits between root and leaf")
	f.Float64Var(&t.LearningRate, "learning-rate", t.LearningRate, "factor on every leaf")
	f.Float64Var(&t.Lambda, "lambda", t.Lambda, "L2 penalty on leaves")
	f.Float64Var(&t.Gamma, "gamma", t.Gamma, "gain that a split must exceed")
	f.Float64Var(&t.MinChildWeight, "min-child-weight", t.MinChildWeight, "sum of second derivatives that a child needs")
	f.Float64Var(&t.RowShare, "row-share", t.RowShare, "share of the examples drawn for a tree")
	f.Float64Var(&t.FeatureShare, "feature-share", t.FeatureShare, "share of the features drawn for a tree")
	f.IntVar(&t.Bins, "bins", t.Bins, "most histogram bins of a feature")
	f.IntVar(&t.Patience, "patience", t.Patience, "trees without a better validation loss before stopping; 0: never stop early")
	f.IntVar(&recipe.Folds, "folds", recipe.Folds, "folds of the cross-validation; 0: none")
	f.IntVar(&recipe.Resamples, "resamples", recipe.Resamples, "resamples of the bootstrap; 0: none")
}

// train runs the recipe, writes the model to the path or to stdout, and its
// account to account.
func train(recipe training.Recipe, path string, stdout, account io.Writer) error {
	if err := recipe.Check(); err != nil {
		return cli.UsageError{Err: err}
	}
	if path != "-" {
		if err := userfile.Writable(path); err != nil {
			return fmt.Errorf("train: %w", err)
		}
	}
	result, err := recipe.Run()
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	var model bytes.Buffer
	write := result.Model.Write
	if strings.EqualFold(filepath.Ext(path), ".onnx") {
		write = result.Model.WriteONNX
	}
	if err := write(&model); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if err := put(path, model.Bytes(), stdout); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if err := result.Account(account); err != nil {
		return fmt.Errorf("train: write the account: %w", err)
	}
	_, err = fmt.Fprintf(account, "\nModel: %s, %d bytes, %d trees, %d nodes\n  SHA-256 %x\n",
		place(path), model.Len(), result.Model.Trees(), result.Model.Nodes(), sha256.Sum256(model.Bytes()))
	return err
}

// put writes the model to the file, or to stdout for "-".
func put(path string, model []byte, stdout io.Writer) error {
	if path != "-" {
		return userfile.Replace(path, model)
	}
	_, err := stdout.Write(model)
	return err
}

// place is where the model went, for people.
func place(path string) string {
	if path == "-" {
		return "stdout"
	}
	return path
}

// parameter is a flag for one number of a generator; it implements pflag.Value.
type parameter struct {
	values map[string]float64 // by name; where Set stores the number
	param  generators.Param
}

// String returns the value that holds now.
func (p parameter) String() string {
	v, ok := p.values[p.param.Name]
	if !ok {
		v = p.param.Default
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// Set implements pflag.Value. The range is checked with the recipe.
func (p parameter) Set(s string) error {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return fmt.Errorf("%q is not a number", s)
	}
	p.values[p.param.Name] = v
	return nil
}

// Type is what the help shows for the value.
func (p parameter) Type() string {
	if p.param.Integer {
		return "int"
	}
	return "float"
}
