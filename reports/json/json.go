// Package jsonreport writes a run as the JSON that other programs read, on the standard
// output of `run -o json` and as the file summary.json, and a comparison of runs. It
// stands at the end of the flow: the keys are tags of the analysis' own types, and what
// is here is how their values are written. What is not known is null, never zero.
package jsonreport

import (
	"fmt"
	"io"

	"servebench/reports"
	"servebench/reports/analysis"
	"servebench/reports/analysis/compare"
	"servebench/reports/document/sentence"
	"servebench/reports/record"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The versions of the two documents. Fields may be added to them; one that is there keeps
// its meaning.
const (
	Schema        = "servebench.summary/v2"
	CompareSchema = "servebench.compare/v2"
)

// Format is the summary as a file, summary.json.
func Format() reports.Format {
	return reports.Format{
		Name: "json",
		Doc:  "the figures as JSON for other programs (" + Schema + ")",

		Render: reports.Into("summary.json", Write),
	}
}

// Write writes the summary of a run as indented JSON with a line break at its end.
func Write(w io.Writer, a *analysis.Analysis) error {
	if err := write(w, newSummary(a)); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	return nil
}

// comparisons is what one base was held against.
type comparisons struct {
	Schema      string       `json:"schema"`
	Base        compared     `json:"base"`
	Comparisons []comparison `json:"comparisons"` // in the order of the runs given
	Method      string       `json:"method"`      // of the intervals
	Notes       []string     `json:"notes"`       // how far the figures can be believed
}

// compared is one run.
type compared struct {
	Run      string         `json:"run"` // its folder
	ID       string         `json:"id"`
	Scenario string         `json:"scenario"`
	Created  string         `json:"created"` // RFC 3339, UTC
	Rounds   int            `json:"rounds"`
	Validity string         `json:"validity"`
	Verdict  record.Verdict `json:"verdict"` // null: the scenario sets no limits
	Version  string         `json:"version"` // of the servebench that made it
}

type comparison struct {
	New        compared `json:"new"`
	Comparable bool     `json:"comparable"`
	// Why says why they are not comparable; null: they are.
	Why string `json:"why"`
	// Blocking are the kinds of difference that --allow would have to name.
	Blocking    []string             `json:"blocking"`
	Differences []compare.Difference `json:"differences"`
	Missing     []compare.Missing    `json:"missing"` // what only one of the runs has
	Figures     []compare.Figure     `json:"figures"` // none where they are not comparable
}

// WriteComparisons writes runs held against one base as indented JSON with a line
// break at its end.
func WriteComparisons(w io.Writer, all []*compare.Comparison) error {
	d := comparisons{Schema: CompareSchema, Method: sentence.ComparisonMethod}
	if warning := sentence.ComparisonWarning(all); warning != "" {
		d.Notes = append(d.Notes, warning)
	}
	d.Notes = append(d.Notes, sentence.ComparisonNotes(all)...)
	for _, c := range all {
		d.Base = newCompared(c.Base)
		one := comparison{
			New: newCompared(c.New), Comparable: c.Comparable(), Blocking: c.Blocking(),
			Differences: c.Differences, Missing: c.Missing, Figures: c.Figures,
		}
		if !one.Comparable {
			one.Why = sentence.ComparisonLine(c)
		}
		d.Comparisons = append(d.Comparisons, one)
	}
	if err := write(w, d); err != nil {
		return fmt.Errorf("write comparisons: %w", err)
	}
	return nil
}

func newCompared(a *analysis.Analysis) compared {
	return compared{
		Run: a.Run.Dir, ID: a.Run.ID, Scenario: a.Run.Scenario.Name, Created: a.Run.Created.UTC().Format("2006-01-02T15:04:05Z"),
		Rounds: a.Run.Scenario.Rounds, Validity: validity(a), Verdict: a.Verdict, Version: a.Run.Version,
	}
}

func write(w io.Writer, document any) error {
	err := json.MarshalWrite(w, document, json.WithMarshalers(marshalers()), jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, "\n")
	return err
}
