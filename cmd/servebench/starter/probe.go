package starter

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"servebench/cmd/cli"
	"servebench/generators/datafile"
	"servebench/scenarios/probe"
	"servebench/scenarios/secret"
	"servebench/targets/protocol"

	"github.com/spf13/cobra"
)

func ProbeCommand(protocols []protocol.Kind) *cobra.Command {
	opts := probe.Options{Protocols: protocols}
	var headers, tensors []string
	var dir, wanted, body string
	var force bool
	cmd := &cobra.Command{
		Use:   "probe URL",
		Short: "Find out what a running server speaks, and write a scenario for it",
		Long: `Ask a running server which protocols it speaks and which models it has, send one
request with random inputs to each model, and say what came back. With --out, write a
folder with a scenario that drives the first model that answered, and the inputs it
sends. A server that describes its routes by OpenAPI, as FastAPI does, is driven by the
protocol template.

Inputs are random: latency and throughput are measured as they are, answers are only
checked to be of the protocol. For right answers, name your own data in the scenario
(data.file with label or expect).`,
		Example: `  servebench probe http://127.0.0.1:8000
  servebench probe http://127.0.0.1:8000 -o triton --protocol v2-binary --model resnet50
  servebench probe http://127.0.0.1:8000 -o iris --tensor 'features=FP32[4]'
  servebench probe http://127.0.0.1:8000 -o api --path /predict
  servebench probe http://127.0.0.1:3000 -o api --path /predict --body '{"features": [1, 2]}'
  servebench probe https://models.example.com --header 'Authorization: Bearer ${TOKEN}'`,
		Args: cli.Arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := readHeaders(headers, dir != "", &opts); err != nil {
				return cli.Fail(cli.Usage, err)
			}
			if err := readTensors(tensors, &opts); err != nil {
				return cli.Fail(cli.Usage, err)
			}
			if err := readBody(body, &opts); err != nil {
				return cli.Fail(cli.Usage, err)
			}
			server, err := probe.Run(cmd.Context(), args[0], opts)
			if errors.Is(err, probe.ErrAddress) {
				return cli.Fail(cli.Usage, err)
			}
			if err != nil {
				return cli.Fail(cli.Runtime, err)
			}
			if err := server.WriteText(cmd.OutOrStdout()); err != nil {
				return cli.Fail(cli.Runtime, err)
			}
			choice, err := server.Choose(wanted, opts.Model, opts.Path)
			if dir == "" || err != nil {
				return cli.Fail(cli.Runtime, err, suggestOut(cmd.OutOrStdout(), choice, args[0], err))
			}
			return cli.Fail(cli.Runtime, writeScenario(cmd.OutOrStdout(), server, choice, dir, force))
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&dir, "out", "o", "", "folder to write the scenario into (default: none is written)")
	flags.BoolVar(&force, "force", false, "write over files that exist")
	flags.StringVar(&wanted, "protocol", "", "protocol of the scenario (default: the first that gave an answer)")
	flags.StringVar(&opts.Model, "model", "", "model to ask for, where the server has no list, and of the scenario")
	flags.StringArrayVar(&tensors, "tensor", nil, "input of a model whose server does not name any: NAME=FP32[4], without the batch")
	flags.StringVar(&opts.Path, "path", "", pathHelp)
	flags.StringVar(&body, "body", "", bodyHelp)
	flags.StringArrayVar(&headers, "header", nil, "header field of every request: 'Name: value'; ${NAME} is a variable of the environment")
	flags.DurationVar(&opts.Timeout, "timeout", 5*time.Second, "longest time that an answer may take")
	return cmd
}

// readHeaders reads fields as "Name: value", in which ${NAME} stands for a variable. Where
// they are written to a scenario, a secret has to be one.
func readHeaders(fields []string, written bool, opts *probe.Options) error {
	opts.Header = http.Header{}
	var faults []error
	for _, field := range fields {
		name, value, ok := strings.Cut(field, ":")
		if name, value = strings.TrimSpace(name), strings.TrimSpace(value); !ok || name == "" {
			faults = append(faults, fmt.Errorf("--header %q: want 'Name: value'", name))
			continue
		}
		if written && secret.Named(name) && !secret.OnlyVariables(value) {
			faults = append(faults, fmt.Errorf("--header %s: the scenario would hold a secret; want a variable of the environment in its place, as in 'Authorization: Bearer ${TOKEN}'", name))
			continue
		}
		expanded := os.Expand(value, func(variable string) string {
			text, there := os.LookupEnv(variable)
			if !there {
				faults = append(faults, fmt.Errorf("--header %s: the variable %s is not set", name, variable))
			}
			return text
		})
		opts.Header.Set(name, expanded)
		opts.Written = append(opts.Written, [2]string{http.CanonicalHeaderKey(name), value})
	}
	return errors.Join(faults...)
}

const (
	pathHelp = "path of the scenario's request, of a server with an OpenAPI description, or with --body"
	bodyHelp = "`body` that is sent to --path by POST, or @file that holds it"
)

// readBody reads a body as it is, or out of the file after an @.
func readBody(text string, opts *probe.Options) (err error) {
	file, isFile := strings.CutPrefix(text, "@")
	switch opts.Body = nil; {
	case text == "":
	case opts.Path == "":
		return errors.New("--body goes with --path, which says where it is sent")
	case isFile:
		if opts.Body, err = os.ReadFile(file); err != nil {
			return fmt.Errorf("--body %s: %w", text, err)
		}
	default:
		opts.Body = []byte(text)
	}
	return nil
}

// readTensors reads NAME=FP32[4], what a model takes without the dimension of the batch.
func readTensors(texts []string, opts *probe.Options) error {
	var faults []error
	for _, text := range texts {
		name, is, _ := strings.Cut(text, "=")
		t, err := datafile.ParseTensorType(name, is)
		if err != nil || name == "" || slices.Contains(t.Shape, -1) {
			faults = append(faults, fmt.Errorf("--tensor %s: want a name, a datatype and a shape without the batch, such as features=FP32[4]", text))
		}
		opts.Tensors = append(opts.Tensors, t)
	}
	return errors.Join(faults...)
}

// writeScenario writes a scenario into a folder, and says what to do with it.
func writeScenario(w io.Writer, server *probe.Server, choice probe.Choice, dir string, force bool) error {
	text, requests, err := server.Scenario(choice, server.Running())
	if err != nil {
		return err
	}
	files := []starter{{path: probe.ScenarioFile, text: string(text)}}
	if requests != nil {
		files = append(files, starter{path: probe.DataFile, text: string(requests)})
	}
	for _, f := range files {
		if err := free(filepath.Join(dir, f.path), "--out", force); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := writeNew(filepath.Join(dir, f.path), f.text, force); err != nil {
			return err
		}
	}
	data := ""
	if choice.WithoutData() {
		data = fmt.Sprintf("\nThe server does not say what the model takes: put your requests into %s, as the scenario says.", filepath.Join(dir, probe.OwnDataFile))
	}
	_, err = fmt.Fprintf(w, "\nWrote a scenario for %s.%s\nNext:\n  servebench run %s\n", choice, data, filepath.Join(dir, probe.ScenarioFile))
	return err
}

// suggestOut says how to have a scenario written, where there is one to write.
func suggestOut(w io.Writer, choice probe.Choice, address string, none error) error {
	if none != nil {
		return nil
	}
	tensor := ""
	if choice.WithoutData() {
		tensor = fmt.Sprintf("The server does not say what the model takes. Name its inputs, or leave the option out and\nput your own requests into my-server/%s:\n", probe.OwnDataFile)
		address += " --tensor 'features=FP32[4]'"
	}
	_, err := fmt.Fprintf(w, "\nNext: write a scenario for %s:\n%s  servebench probe %s --out my-server\n", choice, tensor, address)
	return err
}
