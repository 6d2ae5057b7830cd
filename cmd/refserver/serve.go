package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/spf13/cobra"

	"servebench/cmd/cli"
	"servebench/targets"
	"servebench/targets/functionurl"
	"servebench/targets/reference"
	"servebench/targets/reference/fault"
	"servebench/targets/reference/monitor"
)

// serveCommand returns `refserver serve`, of a program that began at the time
// given.
func serveCommand(began time.Time) *cobra.Command {
	var opts serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve models until told to stop",
		Long: `Serve models until SIGTERM or SIGINT. Then readiness turns 503, the requests
in flight are answered, and the program ends; a second signal ends it immediately.
The log goes to stderr.

With --model-control-mode explicit, whoever reaches the port can have the server read
its models anew and change which versions it serves, by the repository API of the
Open Inference Protocol, while it answers: POST /v2/repository/models/NAME/load. It
asks for no credentials and reads its own files alone.

Where the environment has AWS_LAMBDA_RUNTIME_API, the program is the bootstrap
of a Lambda function and answers the requests to the function's URL instead.

` + exitHelp,
		Example: `  refserver serve --host 0.0.0.0 --port 8080
  refserver serve --model-file mine=model.json --max-batch 64
  refserver serve --model-repository models --model-control-mode explicit`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), &opts, began, cmd.ErrOrStderr())
		},
	}
	opts.addFlags(cmd.Flags())
	return cmd
}

// serve is the command: it returns when the server has drained.
func serve(ctx context.Context, opts *serveOptions, began time.Time, stderr io.Writer) error {
	if err := opts.check(); err != nil {
		return err
	}
	if os.Getenv(runtimeAPI) != "" {
		return serveFunction(opts, began, stderr)
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	context.AfterFunc(ctx, stop) // from then on a signal ends the program immediately
	server, log, err := newServer(opts, stderr)
	if err != nil {
		return err
	}
	defer closeMonitor(opts.config.Monitor, log)
	listener, err := cli.Listen("tcp", net.JoinHostPort(opts.host, opts.port))
	if err != nil {
		return err
	}
	log.Info("listening", append([]any{"url", "http://" + listener.Addr().String()}, about(server, opts, began)...)...)
	if err := server.Serve(ctx, listener); err != nil {
		return err
	}
	log.Info("stopped")
	return nil
}

// newServer makes the server, with its models.
func newServer(opts *serveOptions, stderr io.Writer) (*reference.Server, *slog.Logger, error) {
	log := slog.New(slog.NewTextHandler(stderr, nil))
	var err error
	if opts.config.Repository, err = chooseModels(opts, log); err != nil {
		return nil, nil, err
	}
	if opts.config.Models, err = opts.clockModel(); err != nil {
		return nil, nil, err
	}
	if opts.config.Delay, err = opts.delaying(); err != nil {
		return nil, nil, err
	}
	if opts.config.Faults, err = fault.New(opts.faults); err != nil {
		return nil, nil, err
	}
	if opts.config.Monitor, err = opts.monitor.open(log, opts.isBuiltIn); err != nil {
		return nil, nil, err
	}
	opts.config.Version, opts.config.Log = cli.Version(), log
	opts.config.Instance = os.Getenv(targets.InstanceIDVariable)
	server, err := reference.New(opts.config)
	if err == nil {
		err = opts.monitor.checkServed(server)
	}
	return server, log, err
}

// closeMonitor writes what is still to be logged; nil: nothing is.
func closeMonitor(m *monitor.Monitor, log *slog.Logger) {
	if m == nil {
		return
	}
	if err := m.Close(); err != nil {
		log.Error("stopped monitoring", "error", err)
	}
}

// about is what the log says about a server that begins to work.
func about(server *reference.Server, opts *serveOptions, began time.Time) []any {
	return []any{
		"models", strings.Join(server.Models(), ","), "ready_in", time.Since(began).Round(time.Microsecond), "instance", server.Instance(),
		"version", opts.config.Version, "gomaxprocs", runtime.GOMAXPROCS(0),
	}
}

// runtimeAPI is the variable that tells a function of AWS Lambda where its work
// comes from.
const runtimeAPI = "AWS_LAMBDA_RUNTIME_API"

// serveFunction serves as a function of AWS Lambda, which answers the requests
// to its URL and listens nowhere. Making the server is the initialisation. Only
// a fault there returns: Lambda ends the program without a word.
func serveFunction(opts *serveOptions, began time.Time, stderr io.Writer) error {
	server, log, err := newServer(opts, stderr)
	if err != nil {
		return err
	}
	log.Info("asking Lambda for work", about(server, opts, began)...)
	lambda.Start(functionurl.Handler(server.Handler()))
	return nil
}
