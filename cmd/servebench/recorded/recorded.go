// Package recorded is what servebench's commands do with a run on disk: read and analyse
// it, print it, write its reports, and tell continuous integration what it came to. Its
// errors have the exit code that the program ends with.
package recorded

import (
	"errors"
	"fmt"
	"io"
	"os"

	"servebench/cmd/cli"
	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/document"
	jsonreport "servebench/reports/json"
	"servebench/reports/markdown"
	"servebench/reports/record"
	"servebench/reports/text"
)

// Open reads the run in a folder that the user named.
func Open(dir string) (*record.Run, error) {
	run, err := record.Open(dir)
	if _, none := errors.AsType[*record.NoRunError](err); none {
		return nil, cli.Fail(cli.Usage, err)
	}
	return run, cli.Fail(cli.Runtime, err)
}

// Analyse analyses the run in a folder that the user named.
func Analyse(dir string) (*analysis.Analysis, error) {
	run, err := Open(dir)
	if err != nil {
		return nil, err
	}
	a, err := analysis.Analyse(run)
	return a, cli.Fail(cli.Runtime, err)
}

// Print writes what a user sees of a run: the table, or the summary
// that other tools read.
func Print(w io.Writer, a *analysis.Analysis, output string) error {
	if output == "json" {
		return jsonreport.Write(w, a)
	}
	return text.Write(w, document.New(a), text.StyleOf(w))
}

// WriteReports writes the report of a run in the given formats into the run's folder,
// and returns the names of those that are written whole.
func WriteReports(a *analysis.Analysis, formats []reports.Format) (written []string, err error) {
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

// TellCI tells the continuous integration that this process is part of what a gate
// found. GitHub Actions is told by the step's summary and by annotations on stderr,
// where its runner reads them as well as on stdout; others read the files in ci/.
func TellCI(stderr io.Writer, a *analysis.Analysis) error {
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
