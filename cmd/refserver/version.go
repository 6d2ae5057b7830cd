package main

import (
	"fmt"
	"runtime/debug"

	"servebench/cmd/exit"

	"github.com/spf13/cobra"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  exit.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, _ := debug.ReadBuildInfo()
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "refserver %s %s\n", version(), info.GoVersion)
			return err
		},
	}
}

// version is the version that the build stamped: a tag, or a pseudo-version
// with the commit; "devel" where it knew none.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}
