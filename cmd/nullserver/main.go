// Command nullserver answers every HTTP/1.1 request with the same bytes, and does nothing else:
// what load generators are calibrated and compared with.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"servebench/cmd/cli"
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
	return cli.Execute(ctx, newRoot(), args, nil, stdout, stderr)
}

// newRoot makes the command line.
func newRoot() *cobra.Command {
	var o options
	root := &cobra.Command{
		Use:   "nullserver",
		Short: "Answer every HTTP/1.1 request with the same bytes",
		Long: `nullserver reads every HTTP/1.1 request to its end and answers it with the same
bytes, over connections that stay open. It costs less than any real server, so
that what is measured against it is the load generator.

It prints the URL it listens on, once it does, and ends on SIGTERM or SIGINT.

Exit codes:
  0   told to stop
  1   something failed while running, such as a port that is taken
  64  a mistake in the command line`,
		Example: `  nullserver --address 127.0.0.1:8080
  nullserver --socket /tmp/null.sock --body 1000`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), &o, cmd.OutOrStdout())
		},
	}
	o.addFlags(root.Flags())
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

// maxBody bounds an answer's body: it is held in memory.
const maxBody = 64 << 20

// options are the flags.
type options struct {
	address, socket string
	body            int
}

func (o *options) addFlags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVar(&o.address, "address", "127.0.0.1:8080", "`address` to listen on; port 0 takes a free one")
	f.StringVar(&o.socket, "socket", "", "`path` of a Unix socket to listen on in place of the address")
	f.IntVar(&o.body, "body", null.Body, "`bytes` of an answer's body")
}

// check names every mistake in the flags.
func (o *options) check() error {
	var faults []error
	if !isAddress(o.address) {
		faults = append(faults, fmt.Errorf("--address %s: want an address and a port, such as 127.0.0.1:8080", o.address))
	}
	if o.body < 0 || o.body > maxBody {
		faults = append(faults, fmt.Errorf("--body %d: want a number from 0 to %d", o.body, maxBody))
	}
	if len(faults) > 0 {
		return cli.UsageError{Err: errors.Join(faults...)}
	}
	return nil
}

// isAddress reports whether there are a host, which may be empty, and a port.
func isAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// listen opens what the flags name.
func (o *options) listen() (net.Listener, error) {
	network, address := "tcp", o.address
	if o.socket != "" {
		network, address = "unix", o.socket
	}
	return cli.Listen(network, address)
}
