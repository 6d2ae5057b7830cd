// Package reports holds what turns a recorded run into something to read. The
// flow ends here: reports/record is the run on disk, reports/analysis its figures,
// and each child named after a format renders them. Nothing here knows the
// engine, a target or a scenario.
package reports

import (
	"io"

	"servebench/reports/analysis"
)

// Format is a report format's entry in the list that the CLI and the help
// texts are made from. Each child exports `func Format() reports.Format`.
type Format struct {
	Name string
	Doc  string // one sentence
	// CI says that it is for continuous integration: a gate writes it, a run only when
	// it is asked for by name.
	CI bool
	// OnRequest says that nothing writes it but what is asked for it by name.
	OnRequest bool
	// Render writes the report, each of its files once. It is a pure function of the
	// analysis.
	Render func(a *analysis.Analysis, write Write) error
}

// Into renders a report that is one file.
func Into(name string, report func(io.Writer, *analysis.Analysis) error) func(*analysis.Analysis, Write) error {
	return func(a *analysis.Analysis, write Write) error {
		return write(name, func(w io.Writer) error { return report(w, a) })
	}
}

// Write writes a file that has the given name, with slashes, relative to the report's
// folder: "report.html", "figures/percentiles.png". What content writes is there whole
// or, where it fails, not at all. The error names the file.
type Write func(name string, content func(io.Writer) error) error
