package starter

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/outcome"
	"servebench/scenarios/recording"

	"github.com/spf13/cobra"
)

func ImportCommand() *cobra.Command {
	var opts recording.Options
	var tensors []string
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Turn recorded requests into a scenario that replays them",
		Long: `Read recorded requests and write a folder with a scenario that sends them again, in
the order and at the times of the recording, or at a rate:

  scenario.yaml    the scenario
  requests.jsonl   one request a line: method, path, header_… fields, body
  arrivals.txt     the times of arrival, where the recording has them

The format is found out from the content, which may be compressed with gzip:
` + describeRecordings() + `
Secrets are written to none of these files. Header fields and URL parameters with
names such as Authorization, X-Api-Key or token become variables of the environment
in the requests that had them, which are read when they are sent; cookies, signatures, and secrets in
bodies are removed. They are recognised by their names and, once they are known, by
their values. What was left out or replaced is counted and named.

An access log has no bodies: POST, PUT and PATCH requests are left out, or take the
lines of --bodies one after the other. Input data of perf_analyzer does not name the
model (--model), and says nothing of datatypes, which are guessed unless --tensor
gives them.`,
		Example: `  servebench import session.har
  servebench import access.log.gz --url http://127.0.0.1:8080 --bodies bodies.jsonl
  servebench import targets.txt --rate 200 -o replay
  servebench import capture.jsonl --url http://127.0.0.1:8080
  servebench import input.json --url http://127.0.0.1:8000 --model resnet50 --tensor 'INPUT0=FP32[3,224,224]'`,
		Args: cli.Arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("rate") && opts.Rate <= 0 {
				return cli.Fail(cli.Usage, fmt.Errorf("--rate %v: want a number of requests per second above 0", opts.Rate))
			}
			var err error
			if opts.Tensors, err = readTensorTypes(tensors); err != nil {
				return cli.Fail(cli.Usage, err)
			}
			summary, err := recording.Import(args[0], opts)
			if err != nil {
				return outcome.OfError(err)
			}
			return cli.Fail(cli.Runtime, printImport(cmd.OutOrStdout(), summary))
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&opts.Dir, "out", "o", "", "folder to write into (default: the file's name up to its first dot)")
	flags.BoolVar(&opts.Force, "force", false, "write over files that exist")
	flags.StringVar(&opts.Format, "format", "", "format of the recording (default: found out from the content)")
	flags.StringVar(&opts.URL, "url", "", "URL of the server to send to (default: the recorded one)")
	flags.StringVar(&opts.Host, "host", "", "host whose requests are taken (default: the most frequent one)")
	flags.Float64Var(&opts.Rate, "rate", 0, "requests per second, instead of the recorded times")
	flags.StringVar(&opts.Bodies, "bodies", "", "file with a body on each line, for an access log")
	flags.BoolVar(&opts.Answers, "answers", false, "compare each answer with the recorded one (perf-analyzer, sagemaker: always)")
	flags.StringArrayVar(&opts.Keep, "keep", nil, "name of a header field, parameter or key that is not a secret")
	flags.StringVar(&opts.Model, "model", "", "name of the model, for perf-analyzer")
	flags.StringArrayVar(&tensors, "tensor", nil, "datatype and shape of an input, for perf-analyzer: NAME=FP32[3,224,224]")
	return cmd
}

// readTensorTypes reads NAME=FP32[3,224,224].
func readTensorTypes(texts []string) (map[string]string, error) {
	types := map[string]string{}
	var faults []error
	for _, text := range texts {
		name, is, _ := strings.Cut(text, "=")
		if name == "" || is == "" {
			faults = append(faults, fmt.Errorf("--tensor %s: want a name, a datatype and a shape, such as INPUT0=FP32[3,224,224]", text))
		}
		types[name] = is
	}
	return types, errors.Join(faults...)
}

func describeRecordings() string {
	var b strings.Builder
	for _, f := range recording.Formats() {
		fmt.Fprintf(&b, "  %-14s %s\n", f.Name, f.Doc)
	}
	return b.String()
}

// printImport says what was understood, and what to do next.
func printImport(w io.Writer, s *recording.Summary) error {
	var set strings.Builder
	for _, name := range s.Variables() {
		fmt.Fprintf(&set, "%s=… ", name)
	}
	_, err := fmt.Fprintf(w, "%s\nNext:\n  %sservebench run %s\n", s, &set, filepath.Join(s.Dir, recording.ScenarioFile))
	return err
}
