// Package text writes a run as text: the table that ends a run in the terminal
// and the file report.txt. It stands at the end of the flow: everything it says
// is in the stats.Analysis that it is given.
package text

import (
	"bytes"
	"io"

	"servebench/reports"
	"servebench/reports/stats"
)

// Style is how the text may look.
type Style struct {
	// Colour allows ANSI colours. Whoever knows the terminal decides: not
	// with NO_COLOR, TERM=dumb or a pipe.
	Colour bool
}

// Format is the report as a plain text file, report.txt.
func Format() reports.Format {
	return reports.Format{
		Name: "text",
		Doc:  "the table of the terminal as a plain text file",

		Render: reports.Into("report.txt", func(w io.Writer, a *stats.Analysis) error { return Write(w, a, Style{}) }),
	}
}

// Write writes the report. What cannot be believed is said first, the figures
// follow, then what they mean and where the whole report is.
func Write(w io.Writer, a *stats.Analysis, style Style) error {
	p := &page{analysis: a, style: style}
	p.heading()
	p.abTest()
	for _, phase := range a.Run.Scenario.Phases {
		p.phase(phase)
	}
	p.byStatus()
	p.saturation()
	p.coldStarts()
	p.emulated()
	p.validity()
	p.overhead()
	p.ratios()
	p.gates()
	p.meters()
	p.errors()
	p.diagnostics()
	p.missing()
	p.where()
	_, err := p.text.WriteTo(w)
	return err
}

// page is the text in the making.
type page struct {
	analysis *stats.Analysis
	style    Style
	text     bytes.Buffer
}
