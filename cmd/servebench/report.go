package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"servebench/cmd/cli"
	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/record"
	"servebench/reports/text"

	"github.com/spf13/cobra"
)

func reportCommand() *cobra.Command {
	var formats []string
	output := newOneOf("text", "json")
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
  64   a mistake in the command line
`,
		Example: `  servebench report runs/20261122-101530-compare-a1b2
  servebench report runs/* --format png`,
		Args: cli.Arguments(1, -1),
		RunE: func(cmd *cobra.Command, dirs []string) error {
			chosen, err := formatsNamed(formats)
			if err != nil {
				return usageError(fmt.Errorf("--format: %w", err))
			}
			var faults []error
			for _, dir := range dirs {
				faults = append(faults, report(cmd, dir, chosen, output.value))
			}
			return runtimeError(errors.Join(faults...))
		},
	}
	cmd.Flags().StringSliceVarP(&formats, "format", "f", usualFormats(), "formats to write: "+strings.Join(formatNames(), ", "))
	cmd.Flags().VarP(output, "output", "o", "print as")
	return cmd
}

func report(cmd *cobra.Command, dir string, formats []reports.Format, output string) error {
	run, err := record.Open(dir)
	if err != nil {
		return err
	}
	a, err := analysis.Analyse(run)
	if err != nil {
		return fmt.Errorf("analyse %s: %w", dir, err)
	}
	if output == "json" || slices.ContainsFunc(formats, func(f reports.Format) bool { return f.Name == text.Format().Name }) {
		err = printAnalysis(cmd.OutOrStdout(), a, output)
	}
	written, errFiles := renderFiles(a, formats)
	if len(written) > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "servebench: %s: wrote %s\n", run.Dir, strings.Join(written, ", "))
	}
	return errors.Join(err, errFiles)
}
