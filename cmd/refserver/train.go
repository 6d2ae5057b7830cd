package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"servebench/cmd/cli"
	"servebench/generators"
	"servebench/reports/mlflow"
	"servebench/reports/record/userfile"
	"servebench/targets/reference/models/training"
	"servebench/targets/reference/trees"
)

// trainOptions are the flags of train.
type trainOptions struct {
	recipe             training.Recipe
	out                string
	data, label        string // of a file with the examples; "": they are synthetic
	mlflow, experiment string
	tracker            *tracker // nil: the training is logged nowhere
}

// trainCommand returns `refserver train`.
func trainCommand() *cobra.Command {
	opts := trainOptions{recipe: training.Default()}
	opts.recipe.Params = map[string]float64{}
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train a model and say how good it is",
		Long: `Train gradient-boosted trees, or a multilayer perceptron, on synthetic loan
applications, test them on examples they have not seen, and write them: trees in
XGBoost's JSON model format, which Python reads with
xgboost.Booster(model_file="model.json"), and both in ONNX where the file is
called .onnx. With --data they are trained on labelled examples of yours, in two
classes: on the columns of the synthetic ones where the file has them all, such as
servebench generate writes, else on every column of numbers.

Everything follows from the seed: the same flags give the same file, byte for
byte (of a perceptron on the same kind of machine). The account of the model goes
to stdout, or to stderr with --out -.

With --mlflow the training is logged to an MLflow server, when the model is
written: the flags, the losses step by step, the quality, the model and its
account. Where that fails there is a warning. Credentials are those of MLflow's
own clients: MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or
MLFLOW_TRACKING_TOKEN.`,
		Example: `  refserver train --seed 1 --out model.json
  refserver train --out model.onnx
  refserver train --function 5 --noise 0 --trees 200 --depth 6 --out - > model.json
  refserver train --data loans.csv --label approved --out model.json
  refserver train --function 10 --class-weight balanced --search 20 --ensemble 5
  refserver train --kind mlp --hidden 64,32 --out model.onnx`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := opts.settle(cmd); err != nil {
				return cli.UsageError{Err: err}
			}
			if err := opts.readData(); err != nil {
				return fmt.Errorf("train: --data: %w", err)
			}
			return train(cmd, &opts)
		},
	}
	cmd.Flags().StringVarP(&opts.out, "out", "o", "model.json", "`file` to write the model to, model.onnx of an mlp; - for stdout")
	cmd.Flags().StringVar(&opts.data, "data", "", "`file` of labelled examples (.csv, .jsonl) to train on, in place of synthetic ones")
	cmd.Flags().StringVar(&opts.label, "label", "label", "`column` of --data with the class that was observed")
	recipeFlags(cmd, &opts.recipe)
	cmd.Flags().StringVar(&opts.mlflow, "mlflow", "", "log the training to the MLflow server at this `URL`")
	cmd.Flags().StringVar(&opts.experiment, "experiment", "", "`name` of the experiment there (default "+mlflow.ExperimentVariable+", else refserver-train)")
	return cmd
}

// Flags that are of one kind of model.
var (
	treeFlags = []string{"trees", "depth", "gamma", "min-child-weight", "row-share", "feature-share", "bins", "search", "ensemble"}
	mlpFlags  = []string{"hidden", "epochs", "batch"}
)

// syntheticFlags are those about examples of the generator.
func (o *trainOptions) syntheticFlags() []string {
	names := []string{"examples"}
	for _, p := range o.recipe.Generator.Params {
		names = append(names, p.Name)
	}
	return names
}

// readData reads the examples of a file into the recipe.
func (o *trainOptions) readData() (err error) {
	if o.data != "" {
		o.recipe.Table, err = training.ReadTable(o.data, o.label, o.recipe.Generator)
	}
	return err
}

// recipeFlags adds a flag for every number of the recipe; those of the generator
// come from its list of parameters.
func recipeFlags(cmd *cobra.Command, recipe *training.Recipe) {
	f, t, m := cmd.Flags(), &recipe.Trees, &recipe.MLP
	f.SortFlags = false
	f.StringVar(&recipe.Kind, "kind", recipe.Kind, "`kind` of model: trees, or mlp, a multilayer perceptron")
	f.Uint64Var(&recipe.Seed, "seed", recipe.Seed, "seed of everything random")
	f.IntVar(&recipe.Examples, "examples", recipe.Examples, "examples in all: 60 % to train, 20 % to validate, 20 % to test")
	for _, p := range recipe.Generator.Params {
		f.Var(parameter{recipe.Params, p}, p.Name, fmt.Sprintf("%s, %v to %v", p.Doc, p.Min, p.Max))
	}
	f.Var(classWeight{recipe}, "class-weight", "what an example of class 0 and one of class 1 weigh, such as 1:5; balanced: as much in all")
	f.IntVar(&t.Trees, "trees", t.Trees, "most trees to grow")
	f.IntVar(&t.Depth, "depth", t.Depth, "most splits between root and leaf")
	f.Float64Var(&t.LearningRate, "learning-rate", t.LearningRate, fmt.Sprintf("factor on every leaf; of an mlp the step of Adam (default %v)", m.LearningRate))
	f.Float64Var(&t.Lambda, "lambda", t.Lambda, fmt.Sprintf("L2 penalty on leaves; of an mlp on weights (default %v)", m.L2))
	f.Float64Var(&t.Gamma, "gamma", t.Gamma, "gain that a split must exceed")
	f.Float64Var(&t.MinChildWeight, "min-child-weight", t.MinChildWeight, "sum of second derivatives that a child needs")
	f.Float64Var(&t.RowShare, "row-share", t.RowShare, "share of the examples drawn for a tree")
	f.Float64Var(&t.FeatureShare, "feature-share", t.FeatureShare, "share of the features drawn for a tree")
	f.IntVar(&t.Bins, "bins", t.Bins, "most histogram bins of a feature")
	f.IntVar(&t.Patience, "patience", t.Patience, fmt.Sprintf("trees without a better validation loss before stopping; of an mlp epochs (default %d); 0: never stop early", m.Patience))
	f.IntVar(&recipe.Search, "search", recipe.Search, "candidates of a random search for depth, learning rate and lambda; 0: none")
	f.IntVar(&recipe.Ensemble, "ensemble", recipe.Ensemble, "models to average, each of examples drawn with replacement, into one model")
	f.IntSliceVar(&m.Hidden, "hidden", m.Hidden, "units of the hidden layers of an mlp")
	f.IntVar(&m.Epochs, "epochs", m.Epochs, "most passes of an mlp over the examples")
	f.IntVar(&m.Batch, "batch", m.Batch, "examples of a step of an mlp")
	f.IntVar(&recipe.Folds, "folds", recipe.Folds, "folds of the cross-validation; 0: none")
	f.IntVar(&recipe.Resamples, "resamples", recipe.Resamples, "resamples of the bootstrap; 0: none")
}

// settle makes one of the flags that mean something else for each kind, and finds every mistake.
func (o *trainOptions) settle(cmd *cobra.Command) error {
	var faults []error
	given := cmd.Flags().Changed
	if o.recipe.Kind == training.MLP {
		m, t := &o.recipe.MLP, &o.recipe.Trees
		if given("learning-rate") {
			m.LearningRate = t.LearningRate
		}
		if given("lambda") {
			m.L2 = t.Lambda
		}
		if given("patience") {
			m.Patience = t.Patience
		}
		t.LearningRate, t.Lambda, t.Patience = m.LearningRate, m.L2, m.Patience // as the flags have it
		if !given("out") {
			o.out = "model.onnx"
		}
		if o.out != "-" && !o.onnx() {
			faults = append(faults, fmt.Errorf("--out %s: a multilayer perceptron is written in ONNX, want a name that ends in .onnx", o.out))
		}
	}
	for _, name := range o.foreignFlags() {
		if given(name) {
			faults = append(faults, fmt.Errorf("--%s is not of --kind %s", name, o.recipe.Kind))
		}
	}
	for _, name := range o.syntheticFlags() {
		if o.data != "" && given(name) {
			faults = append(faults, fmt.Errorf("--%s: it is about synthetic examples, and --data names a file", name))
		}
	}
	if o.mlflow != "" {
		server, err := mlflow.New(o.mlflow, os.LookupEnv)
		if err != nil {
			faults = append(faults, fmt.Errorf("--mlflow: %w", err))
		}
		o.tracker = &tracker{server, cmp.Or(o.experiment, os.Getenv(mlflow.ExperimentVariable), "refserver-train")}
	}
	return errors.Join(append(faults, o.recipe.Check())...)
}

// foreignFlags are the flags that are not of the kind of model.
func (o *trainOptions) foreignFlags() []string {
	if o.recipe.Kind == training.MLP {
		return treeFlags
	}
	return mlpFlags
}

// onnx reports whether the model is written in ONNX.
func (o *trainOptions) onnx() bool {
	return strings.EqualFold(filepath.Ext(o.out), ".onnx") || o.out == "-" && o.recipe.Kind == training.MLP
}

// train runs the recipe and writes the model, and the account of it.
func train(cmd *cobra.Command, opts *trainOptions) error {
	began, stdout, stderr := time.Now(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	if opts.out != "-" {
		if err := userfile.Writable(opts.out); err != nil {
			return fmt.Errorf("train: %w", err)
		}
	}
	opts.recipe.Progress = func(number int, c training.Candidate) {
		fmt.Fprintf(stderr, "search %d/%d: %s\n", number, opts.recipe.Search, c.Describe())
	}
	result, err := opts.recipe.Run()
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	model, err := result.Model.Encode(opts.onnx())
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if err := put(opts.out, model, stdout); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	var account bytes.Buffer
	_ = result.Account(&account) // a buffer takes it all
	fmt.Fprintf(&account, "\nModel: %s, %d bytes, %s\n  SHA-256 %x\n", place(opts.out), len(model), result.Model.Describe(), sha256.Sum256(model))
	if opts.out == "-" {
		stdout = stderr
	}
	if _, err := stdout.Write(account.Bytes()); err != nil {
		return fmt.Errorf("train: write the account: %w", err)
	}
	if opts.tracker != nil {
		opts.track(cmd, began, result, model, account.Bytes())
	}
	return nil
}

// track logs the training. Where that fails the model is what it is.
func (o *trainOptions) track(cmd *cobra.Command, began time.Time, result *training.Result, model, account []byte) {
	o.recipe.Trees = result.Recipe.Trees // what a search chose, for the flags
	unused := append(o.foreignFlags(), "help", "out", "mlflow", "experiment")
	if o.data == "" {
		unused = append(unused, "label")
	} else {
		unused = append(unused, o.syntheticFlags()...)
	}
	params := flagParams(cmd.Flags(), unused...)
	file := "model.json"
	if o.onnx() {
		file = "model.onnx"
	}
	page, err := o.tracker.log(cmd.Context(), began, params, result, account, file, model)
	if err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "warning: the model is written, and its training not tracked: %v\n", err)
		return
	}
	fmt.Fprintln(cmd.ErrOrStderr(), "tracked as "+page)
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

// classWeight is the flag of that name; it implements pflag.Value.
type classWeight struct{ recipe *training.Recipe }

// String returns the weights that hold now.
func (c classWeight) String() string {
	switch {
	case c.recipe == nil || !c.recipe.Balanced && c.recipe.ClassWeights == trees.ClassWeights{}:
		return ""
	case c.recipe.Balanced:
		return "balanced"
	}
	return fmt.Sprintf("%v:%v", c.recipe.ClassWeights[0], c.recipe.ClassWeights[1])
}

// Set implements pflag.Value.
func (c classWeight) Set(s string) error {
	if c.recipe.Balanced = s == "balanced"; c.recipe.Balanced {
		return nil
	}
	first, second, _ := strings.Cut(s, ":")
	var errs [2]error
	c.recipe.ClassWeights[0], errs[0] = strconv.ParseFloat(first, 64)
	c.recipe.ClassWeights[1], errs[1] = strconv.ParseFloat(second, 64)
	if errs[0] != nil || errs[1] != nil || c.recipe.ClassWeights == (trees.ClassWeights{}) {
		return errors.New("want balanced, or two numbers above 0 such as 1:5")
	}
	return nil
}

// Type is what the help shows for the value.
func (classWeight) Type() string { return "weights" }

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
