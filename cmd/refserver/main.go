// Command refserver is the reference inference server, and trains its models:
// one static binary that every deployment target can run.
package main

import (
	"context"
	"io"
	"os"
	"time"

	"servebench/cmd/cli"

	"github.com/spf13/cobra"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program: it returns the exit code. Data goes to stdout,
// everything about the doing to stderr.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return cli.Execute(ctx, newRoot(time.Now()), args, stdin, stdout, stderr)
}

// newRoot makes the command line of a program that began at the time given.
func newRoot(began time.Time) *cobra.Command {
	root := &cobra.Command{
		Use:   "refserver",
		Short: "Serve and train the reference models",
		Long: `refserver is a small, complete inference server to benchmark deployment
targets with. On one port, over HTTP/1.1 and HTTP/2 (h2c), it speaks the Open
Inference Protocol V2 over REST (/v2, JSON and binary tensors) and gRPC, and the
protocols of TensorFlow Serving (/v1/models), MLflow and SageMaker (/invocations,
/endpoints) and AWS Lambda's Invoke. It exposes Prometheus metrics at /metrics,
and drains on SIGTERM. Without a command it serves with the defaults.

` + exitHelp,
		Example: `  refserver serve --port 9000
  curl localhost:9000/v2/models/credit
  refserver train --seed 1 --out model.json
  refserver serve --model-file mine=model.json`,
		Args: cli.NoArguments,
	}
	serve := serveCommand(began)
	root.RunE = func(cmd *cobra.Command, _ []string) error {
		serve.SetContext(cmd.Context())
		return serve.RunE(serve, nil)
	}
	root.AddCommand(serve, trainCommand(), modelsCommand(), cli.VersionCommand())
	return root
}

// exitHelp stands in the help: the exit codes, which are those of package cli.
const exitHelp = `Exit codes:
  0   done; for a server: told to stop, and every request was answered
  1   something failed while running: the port is taken, requests were cut off
  64  a mistake in the command line`
