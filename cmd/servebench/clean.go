package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func cleanCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "clean",
		Short: "Remove what a killed servebench left on this machine",
		Long: `Remove what a servebench that was killed left on this machine: containers,
images, control groups, temporary files. What belongs to a servebench that is
still running is left alone, and so are the results of runs. Every run does this
by itself before it starts.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var faults []error
			count := 0
			for _, kind := range targetKinds() {
				removed, err := kind.Sweep(cmd.Context())
				if err != nil {
					faults = append(faults, fmt.Errorf("clean %s: %w", kind.Name, err))
				}
				for _, thing := range removed {
					fmt.Fprintf(cmd.OutOrStdout(), "removed %s\n", thing)
				}
				count += len(removed)
			}
			if count == 0 && len(faults) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "nothing was left")
			}
			return runtimeError(errors.Join(faults...))
		},
	}
}
