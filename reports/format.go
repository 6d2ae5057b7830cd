// Package reports holds what turns a recorded run into something to read. The
// flow ends here: reports/record is the run on disk, reports/stats its figures,
// and each child named after a format renders them. Nothing here knows the
// engine, a target or a scenario.
package reports

import (
	"errors"
	"fmt"
	"io"

	"servebench/reports/stats"
)

// Format is a report format's entry in the list that the CLI and the help
// texts are made from. Each child exports `func Format() reports.Format`.
type Format struct {
	Name string
	Doc  string // one sentence
	// CI says that it is for continuous integration: a gate writes it, a run only when
	// it is asked for by name.
	CI bool
	// Render writes the report. It opens each of its files once, in the order
	// it likes, and closes it. It is a pure function of the analysis.
	Render func(a *stats.Analysis, open Open) error
}

// Into renders a report that is one file.
func Into(name string, write func(io.Writer, *stats.Analysis) error) func(*stats.Analysis, Open) error {
	return func(a *stats.Analysis, open Open) error {
		return open.Write(name, func(w io.Writer) error { return write(w, a) })
	}
}

// Open creates the file of the given name, with slashes, relative to the
// report's folder: "report.html", "figures/percentiles.png".
type Open func(name string) (io.WriteCloser, error)

// Write creates a file, has its content written and closes it.
func (open Open) Write(name string, write func(io.Writer) error) (err error) {
	file, err := open(name)
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return write(file)
}
