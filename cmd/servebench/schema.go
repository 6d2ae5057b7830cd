package main

import (
	"io"

	"servebench/cmd/cli"
	"servebench/scenarios"

	"github.com/spf13/cobra"
)

func schemaCommand() *cobra.Command {
	output := newOneOf("json", "text")
	scenario := &cobra.Command{
		Use:   "scenario",
		Short: "Print the JSON Schema of scenario files, or every key with its default",
		Long: `Print the JSON Schema of scenario files. An editor that knows YAML schemas
completes and checks a file that begins with

  # yaml-language-server: $schema=scenario.schema.json

With -o text, print every key with its meaning and default.`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output.value == "text" {
				_, err := io.WriteString(cmd.OutOrStdout(), scenarios.FormatReference(catalogue()))
				return fail(exitRuntime, err)
			}
			text, err := scenarios.JSONSchema(catalogue())
			if err == nil {
				_, err = cmd.OutOrStdout().Write(append(text, '\n'))
			}
			return fail(exitRuntime, err)
		},
	}
	scenario.Flags().VarP(output, "output", "o", "print as")
	return group("schema", "Print the schema of a file format", scenario)
}
