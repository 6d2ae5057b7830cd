package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"servebench/cmd/cli"
	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/document"
	jsonreport "servebench/reports/json"
	"servebench/reports/markdown"
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

// renderFiles writes the report of a run in the given formats into the run's folder,
// and returns the names of those that are written whole.
func renderFiles(a *analysis.Analysis, formats []reports.Format) (written []string, err error) {
	folder, err := record.OpenFolder(a.Run.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	var faults []error
	for _, format := range formats {
		if err := format.Render(a, folder.Write); err != nil {
			faults = append(faults, fmt.Errorf("format %s: %w", format.Name, err))
			continue
		}
		written = append(written, format.Name)
	}
	return written, errors.Join(faults...)
}

// printAnalysis writes what a user sees of a run: the table, or the summary
// that other tools read.
func printAnalysis(w io.Writer, a *analysis.Analysis, output string) error {
	if output == "json" {
		return jsonreport.Write(w, a)
	}
	return text.Write(w, document.New(a), styleOf(w))
}

// formatsNamed looks formats up by name.
func formatsNamed(names []string) ([]reports.Format, error) {
	all := reportFormats()
	var known []string
	for _, f := range all {
		known = append(known, f.Name)
	}
	var found []reports.Format
	for _, name := range names {
		i := slices.Index(known, name)
		if i < 0 {
			return nil, fmt.Errorf("unknown format %q, want one of %s", name, strings.Join(known, ", "))
		}
		found = append(found, all[i])
	}
	return found, nil
}

// names of the formats, in order.
func formatNames() []string {
	var names []string
	for _, f := range reportFormats() {
		names = append(names, f.Name)
	}
	return names
}

// usualFormats are the names of those that a run writes unless told otherwise.
func usualFormats() []string {
	var names []string
	for _, f := range reportFormats() {
		if !f.CI {
			names = append(names, f.Name)
		}
	}
	return names
}

// printAs writes a document as JSON, or its text.
func printAs(w io.Writer, output string, document any, text func(io.Writer) error) error {
	if output != "json" {
		return text(w)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(document)
}

// styleOf allows colours where a terminal shows them and nobody minds.
func styleOf(w io.Writer) text.Style {
	return text.Style{Colour: isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// gateFormats are the names of the formats that a gate writes: those that its --format
// asks for, else the usual ones and those for continuous integration.
func gateFormats(cmd *cobra.Command, asked []string) []string {
	if cmd.Flags().Changed("format") {
		return asked
	}
	return formatNames()
}

// ciFormats are the names of the formats for continuous integration.
func ciFormats() []string {
	var names []string
	for _, f := range reportFormats() {
		if f.CI {
			names = append(names, f.Name)
		}
	}
	return names
}

// tellCI tells the continuous integration that this process is part of what a gate
// found. GitHub Actions is told by the step's summary and by annotations on stderr,
// where its runner reads them as well as on stdout; others read the files in ci/.
func tellCI(stderr io.Writer, a *analysis.Analysis) error {
	if os.Getenv("GITHUB_ACTIONS") != "true" {
		return nil
	}
	return errors.Join(markdown.Annotate(stderr, a), addStepSummary(os.Getenv("GITHUB_STEP_SUMMARY"), a))
}

// addStepSummary appends to what the step has said before, as far as there is room.
func addStepSummary(path string, a *analysis.Analysis) (err error) {
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("append to GITHUB_STEP_SUMMARY: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	before, err := file.Stat()
	if err != nil {
		return fmt.Errorf("append to GITHUB_STEP_SUMMARY: %w", err)
	}
	return markdown.Write(file, document.New(a), markdown.Limit-int(before.Size()))
}
