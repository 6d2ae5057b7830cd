package main

import (
	"bytes"
	"crypto/sha256"
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
	"servebench/targets/reference/repository"
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

// isBuiltIn reports whether a model of that name is a built-in one, and none of a file.
func (o *serveOptions) isBuiltIn(name string) bool {
	return slices.ContainsFunc(builtIn(), func(m protocol.Model) bool { return m.Name == name }) &&
		!slices.ContainsFunc(o.files, func(file string) bool { return strings.HasPrefix(file, name+"=") })
}

// chooseModels returns where the models come from: those of the names, or all that are built in
// when there are none, those of the files ("name=path"), and those of the folder, which the
// log describes as they are read. A file takes the place of a built-in model of its name.
func chooseModels(opts *serveOptions, log *slog.Logger) (*repository.Config, error) {
	config := &repository.Config{
		Dir:      opts.repository,
		Reserved: []string{clock.Name},
		Read: func(name, path string) (protocol.Model, repository.Digest, error) {
			return readModel(opts, log, name, path)
		},
		Parse: func(name string, content []byte) (protocol.Model, repository.Digest, error) {
			return parseModel(opts, log, name, content)
		},
	}
	var files []string
	for _, file := range opts.files {
		name, path, ok := strings.Cut(file, "=")
		switch {
		case !ok || path == "" || !repository.IsName(name):
			return nil, cli.UsageError{Err: fmt.Errorf("--model-file %s: want a name and a path, such as mine=model.json", file)}
		case name == reference.NoopName || name == clock.Name:
			return nil, cli.UsageError{Err: fmt.Errorf("--model-file %s: the name %s is taken by a built-in model", file, name)}
		case slices.Contains(files, name):
			return nil, cli.UsageError{Err: fmt.Errorf("--model-file %s: the name %s is given twice", file, name)}
		}
		files = append(files, name)
		config.Sources = append(config.Sources, repository.Source{Name: name, Read: func() (protocol.Model, repository.Digest, error) {
			m, digest, err := readModel(opts, log, name, path)
			if err != nil {
				err = fmt.Errorf("--model-file %s: %w", name, err)
			}
			return m, digest, err
		}})
	}
	var chosen []repository.Source
	for _, m := range builtIn() {
		if (len(opts.models) == 0 || slices.Contains(opts.models, m.Name)) && !slices.Contains(files, m.Name) {
			chosen = append(chosen, repository.Source{Name: m.Name, Read: func() (protocol.Model, repository.Digest, error) { return m, repository.Digest{}, nil }})
		}
	}
	config.Sources = append(chosen, config.Sources...)
	for _, name := range opts.models {
		if name != reference.NoopName && name != clock.Name && !slices.ContainsFunc(config.Sources, func(s repository.Source) bool { return s.Name == name }) {
			_, err := models.Named(name)
			return nil, cli.UsageError{Err: fmt.Errorf("--model %s: %w", name, err)}
		}
	}
	return config, nil
}

// maxModel bounds the file of a model, in bytes. It takes some times as much memory.
const maxModel = 1 << 30

// readModel reads a model from a file.
func readModel(opts *serveOptions, log *slog.Logger, name, path string) (protocol.Model, repository.Digest, error) {
	text, err := userfile.ReadText(path, maxModel)
	if err != nil {
		return protocol.Model{}, repository.Digest{}, err
	}
	m, digest, err := parseModel(opts, log, name, text)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return m, digest, err
}

// parseModel reads a model from the content of a file.
func parseModel(opts *serveOptions, log *slog.Logger, name string, text []byte) (protocol.Model, repository.Digest, error) {
	m, err := models.Read(name, bytes.NewReader(text))
	if err != nil {
		return protocol.Model{}, repository.Digest{}, err
	}
	if opts.iterations == allIterations {
		m = m.AllIterations()
	}
	log = log.With("model", m.Name, "features", len(m.Schema.Features))
	if used, all := m.Iterations(); all > 0 {
		log = log.With("iterations", all, "predict_with", predictWith(used, all))
	}
	log.Info("model read")
	return m.Served(), sha256.Sum256(text), nil
}

// predictWith says which of a model's iterations predict.
func predictWith(used, all int) string {
	if used == all {
		return "all"
	}
	return fmt.Sprintf("the first %d, up to its best_iteration, as XGBClassifier; --iterations all takes all %d, as Booster.predict", used, all)
}
