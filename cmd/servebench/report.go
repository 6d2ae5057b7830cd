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
	formats, output := newFormats(true, false), newOneOf("text", "json")
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
				faults = append(faults, report(cmd, dir, formats.chosen, output.value))
			}
			return worst(faults...)
		},
	}
	cmd.Flags().VarP(formats, "format", "f", "formats to write: "+formats.known())
	cmd.Flags().VarP(output, "output", "o", "print as")
	return cmd
}

func report(cmd *cobra.Command, dir string, formats []reports.Format, output string) error {
	a, err := analyseRun(dir)
	if err != nil {
		return err
	}
	if output == "json" || slices.ContainsFunc(formats, func(f reports.Format) bool { return f.Name == text.Format().Name }) {
		err = printAnalysis(cmd.OutOrStdout(), a, output)
	}
	written, errFiles := renderFiles(a, formats)
	if len(written) > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "servebench: %s: wrote %s\n", dir, strings.Join(written, ", "))
	}
	return fail(exitRuntime, err, errFiles)
}

// openRun reads the run in a folder that the user named.
func openRun(dir string) (*record.Run, error) {
	run, err := record.Open(dir)
	if _, none := errors.AsType[*record.NoRunError](err); none {
		return nil, fail(exitUsage, err)
	}
	return run, fail(exitRuntime, err)
}

// analyseRun analyses the run in a folder that the user named.
func analyseRun(dir string) (*analysis.Analysis, error) {
	run, err := openRun(dir)
	if err != nil {
		return nil, err
	}
	a, err := analysis.Analyse(run)
	return a, fail(exitRuntime, err)
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
