package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"servebench/cmd/exit"
	"servebench/targets/protocol"
	"servebench/targets/reference"
	"servebench/targets/reference/clock"
	"servebench/targets/reference/models"
)

func modelsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "models",
		Short: "List the models that are built in",
		Args:  exit.NoArguments,
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
		served = append(served, asServed(m))
	}
	return served
}

func asServed(m *models.Model) protocol.Model {
	return protocol.Model{Name: m.Name, Doc: m.Doc, Version: m.Version, Schema: m.Schema, Predict: m.Predict}
}

// chooseModels returns the models of that names, or all that are built in when
// names is empty, and those of the files ("name=path"). A file takes the place
// of a built-in model of its name.
func chooseModels(names, files []string) ([]protocol.Model, error) {
	var fromFiles []protocol.Model
	for _, file := range files {
		m, err := readModel(file)
		if err != nil {
			return nil, err
		}
		fromFiles = append(fromFiles, m)
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
			return nil, exit.UsageError{Err: fmt.Errorf("--model %s: %w", name, err)}
		}
	}
	return chosen, nil
}

// readModel reads the model of one --model-file.
func readModel(file string) (protocol.Model, error) {
	name, path, ok := strings.Cut(file, "=")
	if !ok || name == "" || path == "" || strings.ContainsAny(name, "/ ") {
		return protocol.Model{}, exit.UsageError{Err: fmt.Errorf("--model-file %s: want a name and a path, such as mine=model.json", file)}
	}
	if name == reference.NoopName || name == clock.Name {
		return protocol.Model{}, exit.UsageError{Err: fmt.Errorf("--model-file %s: the name %s is taken by a built-in model", file, name)}
	}
	opened, err := os.Open(path)
	if err != nil {
		return protocol.Model{}, fmt.Errorf("--model-file %s: %w", name, err)
	}
	defer opened.Close()
	m, err := models.Read(name, opened)
	if err != nil {
		return protocol.Model{}, fmt.Errorf("--model-file %s: %w", path, err)
	}
	return asServed(m), nil
}
