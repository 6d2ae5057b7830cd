package stats

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/format"
	"servebench/reports/record"
)

// OnlyStarts says that the scenario measures no load, but how servers start.
func (a *Analysis) OnlyStarts() bool {
	s := a.Run.Scenario
	return s.ColdStarts > 0 && !slices.ContainsFunc(s.Phases, func(p record.Phase) bool { return p.Measured })
}

// measured says that there is a result.
func (a *Analysis) measured() bool {
	if a.OnlyStarts() {
		return slices.ContainsFunc(a.ColdStarts(), func(c ColdStart) bool { return c.N > 0 })
	}
	return slices.ContainsFunc(a.Rows, func(r Row) bool { return r.Ledger.Sent > 0 })
}

// StartLine is the starts of all targets in one line: "physical 21 ms · vm (TCG)
// 4.1 s to the first answer, median of 20 starts each"; "" where there was none.
func (a *Analysis) StartLine() string {
	var starts []ColdStart
	for _, c := range a.ColdStarts() {
		if c.N > 0 {
			starts = append(starts, c)
		}
	}
	if len(starts) == 0 {
		return ""
	}
	least, most := starts[0].N, starts[0].N
	var parts []string
	for _, c := range starts {
		least, most = min(least, c.N), max(most, c.N)
		parts = append(parts, a.Label(c.Target)+" "+format.Duration(c.Whole().Median.Value))
	}
	line := strings.Join(parts, " · ") + " to the first answer, "
	switch {
	case least < most:
		return line + fmt.Sprintf("medians, each of %d to %d starts", least, most)
	case most == 1:
		return line + "one start each"
	}
	return line + fmt.Sprintf("median of %d starts each", most)
}

// fewStarts tells of targets started less often than planned, or too seldom for
// the median to have an interval.
func fewStarts(a *Analysis) []Diagnostic {
	planned := a.Run.Scenario.ColdStarts
	if planned == 0 || a.Nothing() != "" {
		return nil
	}
	var all []Diagnostic
	for _, c := range a.ColdStarts() {
		made := a.startsAlone(c.Target)
		figure := fmt.Sprintf("%d of %d starts", made, planned)
		switch whole := a.Run.Interrupted == "" && !a.Run.Finished.IsZero(); {
		case c.Running:
		case whole && made < planned:
			all = append(all, Diagnostic{
				Rule: "missing-starts", Target: c.Target, Figure: figure, Threshold: fmt.Sprint(planned),
				Text:   "it was started less often than planned: " + figure,
				Action: "see what else went wrong in this run",
			})
		case c.N > 0 && !c.Whole().Median.HasInterval:
			all = append(all, Diagnostic{
				Rule: "few-starts", Target: c.Target, Figure: fmt.Sprintf("n = %d", c.N), Threshold: "≥ 6",
				Text:   fmt.Sprintf("n = %d is too small for an interval of the median start", c.N),
				Action: "deploy more often: --set cold_starts=20",
			})
		}
	}
	return all
}

// startsAlone is how many deployments of a target were made for their start
// alone, failed ones included.
func (a *Analysis) startsAlone(target string) int {
	n := 0
	for _, t := range a.Run.Targets {
		for _, d := range t.Deployments {
			if t.Name == target && d.Alone {
				n++
			}
		}
	}
	return n
}
