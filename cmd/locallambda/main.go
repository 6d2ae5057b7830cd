// Command locallambda is a Lambda service of one function on this machine. The
// lambda target deploys it; by hand it serves AWS's SDKs and curl.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"servebench/cmd/cli"

	"github.com/spf13/cobra"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stderr))
}

// run is the whole program: it returns the exit code. It ends on SIGTERM and
// SIGINT; a second signal ends it immediately.
func run(ctx context.Context, args []string, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	context.AfterFunc(ctx, stop)
	return cli.Execute(ctx, newRoot(), args, nil, os.Stdout, &shared{to: stderr})
}

// newRoot makes the command line.
func newRoot() *cobra.Command {
	var o options
	root := &cobra.Command{
		Use:   "locallambda {--function PATH | --image IMAGE | --build FOLDER} [flags] [-- argument...]",
		Short: "Serve a Lambda function on this machine",
		Long: `locallambda runs a Lambda bootstrap, a program that asks the Lambda Runtime API
for its work, as AWS's service would: in execution environments of which each
works on one request at a time and is frozen in between. They are started when
requests ask for them, within limits, and reclaimed when idle; the CPU follows
the memory size, and every request is billed. The function is invoked by its URL
(every path but those of AWS's Lambda API) and by that API's Invoke and
InvokeWithResponseStream; the rest of the API is not there (501), nor is any
version or alias but $LATEST (404).

With --adapter the function is any HTTP server, which lambdaadapter makes a bootstrap of
in each environment. With --image it is in a container image, whose files are read-only
but for /tmp.

What follows -- are the function's arguments, or the command in place of the image's.
"{port}" and "{host}" in them and in variables are replaced by what the server shall
listen on. The function's output and the log go to stderr. The program ends on SIGTERM or SIGINT and takes the environments along.

Exit codes:
  0   told to stop, and nothing is left
  1   something failed while running: the address is taken, no sandbox can be had
  64  a mistake in the command line`,
		Example: `  locallambda --function ./refserver --memory 1769 --concurrency 50
  curl -d @request.json http://127.0.0.1:9000/v2/models/credit/infer

  locallambda --image model.tar --adapter ./lambdaadapter --port 8000 --ready /health

  AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_REGION=us-east-1 \
    aws lambda invoke --endpoint-url http://127.0.0.1:9000 --function-name function \
    --log-type Tail --payload '{}' --cli-binary-format raw-in-base64-out answer.json

  client := lambda.New(lambda.Options{Region: "us-east-1", Credentials: anything,
      BaseEndpoint: aws.String("http://127.0.0.1:9000")})             // AWS's SDK for Go`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && cmd.ArgsLenAtDash() != 0 {
				return cli.UsageError{Err: fmt.Errorf("argument %q: the function is named by --function, and its arguments stand after --", args[0])}
			}
			return serve(cmd.Context(), &o, args, cmd.ErrOrStderr())
		},
	}
	o.addFlags(root.Flags())
	return root
}

// shared is a writer for the log, the function's processes and whatever else
// writes at the same time.
type shared struct {
	mu sync.Mutex
	to io.Writer
}

// Write implements io.Writer.
func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.to.Write(p)
}
