package main

import (
	"fmt"
	"slices"
	"strings"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/option"
	"servebench/cmd/servebench/recorded"
	"servebench/reports"
	"servebench/reports/text"

	"github.com/spf13/cobra"
)

func reportCommand() *cobra.Command {
	formats, output := newFormats(true, false), option.NewOneOf("text", "json")
	cmd := &cobra.Command{
		Use:   "report RUN...",
		Short: "Make the reports of runs again, from the runs alone",
		Long: `Make the reports of runs again. RUN is the folder of a run; its reports are
written into it, and the table is printed if it is among the formats. Neither the
targets nor the scenario are needed. What a run came to is in its reports; gate says
it by the exit code.

Exit codes:
  0    the reports are made, also those of an INVALID run
  1    a run could not be read, or a report not be written
  64   a mistake in the command line, such as a folder that holds no run
`,
		Example: `  servebench report runs/20261122-101530-compare-a1b2
  servebench report runs/* --format png`,
		Args: cli.Arguments(1, -1),
		RunE: func(cmd *cobra.Command, dirs []string) error {
			var faults []error
			for _, dir := range dirs {
				faults = append(faults, report(cmd, dir, formats.Chosen, output.Value))
			}
			return cli.Worst(faults...)
		},
	}
	cmd.Flags().VarP(formats, "format", "f", "formats to write: "+formats.Known())
	cmd.Flags().VarP(output, "output", "o", "print as")
	return cmd
}

func report(cmd *cobra.Command, dir string, formats []reports.Format, output string) error {
	a, err := recorded.Analyse(dir)
	if err != nil {
		return err
	}
	if output == "json" || slices.ContainsFunc(formats, func(f reports.Format) bool { return f.Name == text.Format().Name }) {
		err = recorded.Print(cmd.OutOrStdout(), a, output)
	}
	written, errFiles := recorded.WriteReports(a, formats)
	if len(written) > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "servebench: %s: wrote %s\n", dir, strings.Join(written, ", "))
	}
	return cli.Fail(cli.Runtime, err, errFiles)
}
