// Package jsonreport writes a run as the JSON that other programs read, on the
// standard output of `run -o json` and as the file summary.json. It stands at
// the end of the flow: everything in it is in the stats.Analysis that it is
// given. What is not known is null, never zero.
package jsonreport

import (
	"encoding/json"
	"fmt"
	"io"

	"servebench/reports"
	"servebench/reports/analysis"
)

// Schema is the version of the summary. Fields may be added to it; one that is
// there keeps its meaning.
const Schema = "servebench.summary/v1"

// Format is the summary as a file, summary.json.
func Format() reports.Format {
	return reports.Format{
		Name: "json",
		Doc:  "the figures as JSON for other programs (" + Schema + ")",

		Render: reports.Into("summary.json", Write),
	}
}

// Write writes the summary as indented JSON with a line break at its end.
func Write(w io.Writer, a *analysis.Analysis) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(newSummary(a)); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	return nil
}
