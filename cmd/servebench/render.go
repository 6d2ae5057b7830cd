package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"servebench/reports"
	"servebench/reports/stats"
	"servebench/reports/summary"
	"servebench/reports/text"
)

// renderFiles writes the report of a run in the given formats into dir.
func renderFiles(a *stats.Analysis, formats []reports.Format, dir string) error {
	open := func(name string) (io.WriteCloser, error) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		return os.Create(path)
	}
	for _, format := range formats {
		if err := format.Render(a, open); err != nil {
			return fmt.Errorf("render %s: %w", format.Name, err)
		}
	}
	return nil
}

// printAnalysis writes what a user sees of a run: the table, or the summary
// that other tools read.
func printAnalysis(w io.Writer, a *stats.Analysis, output string) error {
	if output == "json" {
		return summary.Write(w, a)
	}
	return text.Write(w, a, styleOf(w))
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
