package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"servebench/reports/analysis/ab/proof"
	"servebench/reports/format"
)

const proveRealSchema = "servebench.prove-real/v1"

// realDocument is what prove --real prints as JSON.
type realDocument struct {
	Schema  string             `json:"schema"`
	Planned int                `json:"planned"`   // A/B tests of each cell
	Median  float64            `json:"median_ms"` // of the baseline's response time
	Delay   float64            `json:"delay_ms"`  // of the slower server
	Cells   []realCellDocument `json:"cells"`
	Pass    bool               `json:"pass"` // nothing speaks against the gate
}

// realCellDocument is a cell with the A/B tests that it is of, those that were INVALID left
// out.
type realCellDocument struct {
	proofCell
	ABTests int `json:"tests"`
	Invalid int `json:"invalid"`
}

func newRealDocument(p realProof) realDocument {
	d := realDocument{Schema: proveRealSchema, Planned: p.ABTests, Median: millis(p.Median), Delay: millis(p.Delay), Pass: p.outcome() == nil}
	for _, c := range []realCell{p.Same, p.Slower} {
		cell := proofCells(proof.Row{Cells: []proof.Cell{c.Cell}})[0]
		d.Cells = append(d.Cells, realCellDocument{cell, c.Fail.N, c.Invalid})
	}
	return d
}

func writeRealJSON(w io.Writer, p realProof) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(newRealDocument(p))
}

// writeReal writes the table of the rates, and what they are of.
func writeReal(w io.Writer, p realProof) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "CANDIDATE\tTESTS\tFAIL\t% [95% CI]\tPASS\tINCONCLUSIVE\tINVALID\tROUNDS\t")
	for _, c := range []realCell{p.Same, p.Slower} {
		fmt.Fprintf(table, "%s\t%d\t%d\t%s %s\t%d\t%d\t%d\t%.1f\t\n", candidateText(c.Change), c.Fail.N, c.Fail.K,
			rateText(c.Fail), rateInterval(c.Fail), c.Pass.K, c.Inconclusive.K, c.Invalid, c.MeanPairs())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, `
A/B tests of the reference server with itself under the scenario gate. The slower one
answers %v later, which is %s of its median of %s ms. The intervals are exact
(Clopper and Pearson). TESTS are those whose instrument could be believed; INVALID ones
are in no rate. ROUNDS is a mean.
`, p.Delay, format.Percent(p.Change), format.Milliseconds(p.Median))
	return err
}
