package main

import (
	"servebench/scenarios"

	"github.com/spf13/cobra"
)

func schemaCommand() *cobra.Command {
	scenario := &cobra.Command{
		Use:   "scenario",
		Short: "Print the JSON Schema of scenario files",
		Long: `Print the JSON Schema of scenario files. An editor that knows YAML schemas
completes and checks a file that begins with

  # yaml-language-server: $schema=scenario.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := scenarios.JSONSchema(catalogue())
			if err == nil {
				_, err = cmd.OutOrStdout().Write(append(text, '\n'))
			}
			return runtimeError(err)
		},
	}
	return group("schema", "Print the schema of a file format", scenario)
}
