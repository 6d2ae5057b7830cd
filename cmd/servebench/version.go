package main

import (
	"fmt"
	"runtime"

	"servebench/cmd/cli"

	"github.com/spf13/cobra"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "servebench %s %s\n", cli.Version(), runtime.Version())
			return runtimeError(err)
		},
	}
}
