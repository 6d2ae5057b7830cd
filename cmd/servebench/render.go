package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/document"
	jsonreport "servebench/reports/json"
	"servebench/reports/record"
	"servebench/reports/text"
)

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
