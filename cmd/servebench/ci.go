package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"servebench/reports/analysis"
	"servebench/reports/document"
	"servebench/reports/markdown"

	"github.com/spf13/cobra"
)

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
