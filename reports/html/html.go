// Package html writes a run as report.html: one file that holds everything,
// opens without a network, and is read by people. It stands at the end of the
// flow: its input is a stats.Analysis, its figures come from reports/figures.
//
// The page is built in two steps: page.go and its neighbours turn the analysis
// into a model of headings, sentences and tables, and page.tmpl lays the model
// out. Everything from outside passes html/template's escaping; the page's
// content security policy allows nothing but its own style sheet and the
// raster images inside its figures.
package html

import (
	"fmt"
	"io"

	"servebench/reports"
	"servebench/reports/stats"
)

// Name is the file that Format writes.
const Name = "report.html"

// Format writes the whole report as one self-contained page.
func Format() reports.Format {
	return reports.Format{
		Name: "html",
		Doc:  "the whole report as one page, report.html, that needs no network",

		Render: reports.Into(Name, Write),
	}
}

// Write writes the page.
func Write(w io.Writer, a *stats.Analysis) error {
	p, err := newPage(a)
	if err != nil {
		return fmt.Errorf("write %s: %w", Name, err)
	}
	t, err := parse()
	if err != nil {
		return fmt.Errorf("write %s: %w", Name, err)
	}
	if err := t.Execute(w, p); err != nil {
		return fmt.Errorf("write %s: %w", Name, err)
	}
	return nil
}
