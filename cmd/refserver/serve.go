package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"servebench/targets/protocol"
	"servebench/targets/reference"
)

// serveCommand returns `refserver serve`, of a program that began at the time
// given.
func serveCommand(began time.Time) *cobra.Command {
	var opts serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve models until told to stop",
		Long: `Serve models until SIGTERM or SIGINT. Then readiness turns 503, the requests
in flight are answered, and the program ends; a second signal ends it at once.
The log goes to stderr.

` + exitHelp,
		Example: `  refserver serve --host 0.0.0.0 --port 8080
  refserver serve --model-file mine=model.json --max-batch 64`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), &opts, began, cmd.ErrOrStderr())
		},
	}
	opts.flags(cmd.Flags())
	return cmd
}

// serve is the command: it returns when the server has drained.
func serve(ctx context.Context, opts *serveOptions, began time.Time, stderr io.Writer) error {
	if err := opts.check(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	context.AfterFunc(ctx, stop) // from then on a signal ends the program at once
	chosen, err := chooseModels(opts.models, opts.files)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	opts.config.Models, opts.config.Version, opts.config.Log = chosen, version(), log
	server, err := reference.New(opts.config)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(opts.host, opts.port))
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	log.Info("listening", "url", "http://"+listener.Addr().String(), "models", names(chosen),
		"ready_in", time.Since(began).Round(time.Microsecond), "instance", server.Instance(),
		"version", opts.config.Version, "gomaxprocs", runtime.GOMAXPROCS(0))
	if err := server.Serve(ctx, listener); err != nil {
		return err
	}
	log.Info("stopped")
	return nil
}

func names(served []protocol.Model) string {
	var list []string
	for _, m := range served {
		list = append(list, m.Name)
	}
	return strings.Join(append(list, reference.NoopName), ",")
}
