package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"servebench/cmd/cli"
	"servebench/reports/record/userfile"
	"servebench/targets/protocol"
	"servebench/targets/reference"
	"servebench/targets/reference/clock"
	"servebench/targets/reference/models"
)

func modelsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "models",
		Short: "List the models that are built in",
		Args:  cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return listModels(cmd.OutOrStdout())
		},
	}
}

func listModels(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "MODEL\tVERSION\tFEATURES\tWHAT IT DOES")
	for _, m := range append(builtIn(), clock.Description(), reference.Noop()) {
		features := "any number"
		if n := len(m.Schema.Features); n > 0 {
			features = fmt.Sprint(n)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", m.Name, m.Version, features, m.Doc)
	}
	return table.Flush()
}

func builtIn() []protocol.Model {
	var served []protocol.Model
	for _, m := range models.All() {
		served = append(served, m.Served())
	}
	return served
}

// chooseModels returns the models of those names, or all that are built in when
// names is empty, and those of the files ("name=path"), which the log describes. A
// file takes the place of a built-in model of its name.
func chooseModels(opts *serveOptions, log *slog.Logger) ([]protocol.Model, error) {
	names := opts.models
	var fromFiles []protocol.Model
	for _, file := range opts.files {
		m, err := readModel(file)
		if err != nil {
			return nil, err
		}
		if opts.iterations == allIterations {
			m = m.AllIterations()
		}
		used, all := m.Iterations()
		log.Info("model read", "model", m.Name, "features", len(m.Schema.Features), "iterations", all, "predict_with", predictWith(used, all))
		fromFiles = append(fromFiles, m.Served())
	}
	named := func(list []protocol.Model, name string) int {
		return slices.IndexFunc(list, func(m protocol.Model) bool { return m.Name == name })
	}
	var chosen []protocol.Model
	for _, m := range builtIn() {
		wanted := len(names) == 0 || slices.Contains(names, m.Name)
		if wanted && named(fromFiles, m.Name) < 0 {
			chosen = append(chosen, m)
		}
	}
	chosen = append(chosen, fromFiles...)
	for _, name := range names {
		if name != reference.NoopName && name != clock.Name && named(chosen, name) < 0 {
			_, err := models.Named(name)
			return nil, cli.UsageError{Err: fmt.Errorf("--model %s: %w", name, err)}
		}
	}
	return chosen, nil
}

// maxModel bounds the file of a model, in bytes. It takes some times as much memory.
const maxModel = 1 << 30

// readModel reads the model of one --model-file.
func readModel(file string) (*models.Model, error) {
	name, path, ok := strings.Cut(file, "=")
	if !ok || name == "" || path == "" || strings.ContainsAny(name, "/ ") {
		return nil, cli.UsageError{Err: fmt.Errorf("--model-file %s: want a name and a path, such as mine=model.json", file)}
	}
	if name == reference.NoopName || name == clock.Name {
		return nil, cli.UsageError{Err: fmt.Errorf("--model-file %s: the name %s is taken by a built-in model", file, name)}
	}
	text, err := userfile.ReadText(path, maxModel)
	if err != nil {
		return nil, fmt.Errorf("--model-file %s: %w", name, err)
	}
	m, err := models.Read(name, bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("--model-file %s: %w", path, err)
	}
	return m, nil
}

// predictWith says which of a model's iterations predict.
func predictWith(used, all int) string {
	if used == all {
		return "all"
	}
	return fmt.Sprintf("the first %d, up to its best_iteration, as XGBClassifier; --iterations all takes all %d, as Booster.predict", used, all)
}
