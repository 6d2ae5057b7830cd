// Command nullserver answers every HTTP/1.1 request at once with the same bytes:
// what load generators are calibrated and compared with.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"servebench/cmd/exit"
	"servebench/targets/reference/null"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program: it returns the exit code. It ends on SIGTERM and
// SIGINT.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return exit.Report("nullserver", root.ExecuteContext(ctx), stderr)
}

// newRoot makes the command line.
func newRoot() *cobra.Command {
	var o options
	root := &cobra.Command{
		Use:   "nullserver",
		Short: "Answer every HTTP/1.1 request at once",
		Long: `nullserver reads every HTTP/1.1 request to its end and answers it with the same
bytes, over connections that stay open. It costs less than any real server, so
that what is measured against it is the load generator.

It prints the URL it listens on, once it does, and ends on SIGTERM or SIGINT.

` + exitHelp,
		Example: `  nullserver --address 127.0.0.1:8080
  nullserver --socket /tmp/null.sock --body 1000`,
		Args:              exit.NoArguments,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), &o, cmd.OutOrStdout())
		},
	}
	root.SetFlagErrorFunc(exit.FlagError)
	o.flags(root.Flags())
	return root
}

// serve is the command: it returns when it was told to end.
func serve(ctx context.Context, o *options, stdout io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	listener, err := o.listen()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(stdout, urlOf(listener.Addr())); err != nil {
		listener.Close()
		return fmt.Errorf("say the address: %w", err)
	}
	return null.New(o.body).Serve(ctx, listener)
}

// urlOf is what clients reach a listener by: http://127.0.0.1:8080, or
// unix:/path.
func urlOf(a net.Addr) string {
	if a.Network() == "unix" {
		return "unix:" + a.String()
	}
	return "http://" + a.String()
}
