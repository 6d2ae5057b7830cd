package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"servebench/cmd/cli"
	"servebench/scenarios"
	"servebench/scenarios/attack/remote"
	"servebench/scenarios/trial"

	"github.com/spf13/cobra"
)

// loadCommand is what a target starts where the load of a run is made elsewhere.
func loadCommand() *cobra.Command {
	var address string
	cmd := &cobra.Command{
		Use:    "load --listen ADDRESS",
		Short:  "Make the load of a run that another servebench plays",
		Hidden: true,
		Args:   cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if at, err := netip.ParseAddrPort(address); err != nil || !at.Addr().IsLoopback() {
				return cli.Fail(cli.Usage, fmt.Errorf("--listen %s: want an address of the loopback, such as 127.0.0.1:7411: whoever connects decides where the load goes", address))
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, syscall.SIGINT)
			defer stop()
			listener, err := net.Listen("tcp", address)
			if err != nil {
				return cli.Fail(cli.Runtime, fmt.Errorf("listen: %w", err))
			}
			return cli.Fail(cli.Runtime, remote.Serve(ctx, listener, prepareLoad))
		},
	}
	cmd.Flags().StringVar(&address, "listen", "", "the `address` to listen on, of the loopback")
	return cmd
}

// prepareLoad reads a scenario that was sent, with the values of its variables.
func prepareLoad(ctx context.Context, dir string, text []byte, variables map[string]string) (remote.Player, error) {
	cat := catalogue()
	cat.SecretKey = nil
	cat.Environment = func(name string) (string, bool) {
		value, there := variables[name]
		return value, there
	}
	sc, err := scenarios.Parse(filepath.Join(dir, "scenario.yaml"), text, cat)
	if err != nil {
		return nil, err
	}
	return (&trial.Runner{Catalogue: cat, Reference: reference(), Version: cli.Version()}).OpenLoad(ctx, sc)
}

// loadProgram is the command that makes the load of a run: this program itself.
func loadProgram() ([]string, error) {
	self, err := os.Executable()
	return []string{self, loadCommand().Name()}, err
}
