package stats

import (
	"slices"

	"servebench/reports/record"
)

// Analyse computes every figure of a run. It reads the interval logs of the
// measured cells, one second at a time, and is deterministic: the same run
// gives the same analysis, the resampled intervals included. An error names the
// cell whose log is missing or damaged.
func Analyse(run *record.Run) (*Analysis, error) { return AnalyseBy(run, run.Scenario.SLO, "") }

// AnalyseBy is Analyse with other limits to judge by than the run's own; by says
// where they are from.
func AnalyseBy(run *record.Run, slo record.SLO, by string) (*Analysis, error) {
	cells, err := load(run)
	if err != nil {
		return nil, err
	}
	a := &Analysis{
		Run:   run,
		SLO:   slo,
		By:    by,
		Rows:  rows(run, cells),
		Cells: cellRows(run, cells),
	}
	if len(a.Rows) > 0 {
		a.Reference = a.Rows[0].Target
	}
	if a.AB = newABTest(run, cells); a.AB == nil {
		a.Ratios = ratios(a.Rows, a.Cells, a.Reference)
	}
	a.Overhead = newOverhead(run, cells)
	a.Stepped = stepped(run, cells)
	a.Saturated = saturations(a)
	a.Diagnostics = diagnostics(a, cells)
	a.Validity = validity(a)
	if a.AB == nil {
		a.Gates = gates(a, cells)
	}
	a.AB.seal(a)
	a.Verdict = verdict(a)
	return a, nil
}

func validity(a *Analysis) Validity {
	switch {
	case slices.ContainsFunc(a.Diagnostics, func(d Diagnostic) bool { return d.Severity == SeverityError }):
		return Invalid
	case a.OnlyStarts():
		return NoLoad
	}
	return Valid
}
