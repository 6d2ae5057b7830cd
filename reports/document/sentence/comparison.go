package sentence

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/compare"
	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
)

// ComparisonLine is a comparison in one line: which runs, and, where they are not
// comparable, why and what would compare them nevertheless.
func ComparisonLine(c *compare.Comparison) string {
	line := fmt.Sprintf("%s with %s", c.New.Run.ID, c.Base.Run.ID)
	switch {
	case c.Base.Empty():
		return line + ": nothing was measured in the base: " + Nothing(c.Base)
	case c.New.Empty():
		return line + ": nothing was measured in the new run: " + Nothing(c.New)
	case !c.Common():
		return line + ": the two have no target and phase in common"
	}
	if names := c.Blocking(); len(names) > 0 {
		line += fmt.Sprintf(": they differ in %s; to compare them anyway: --allow %s", strings.Join(names, ", "), strings.Join(names, ","))
	}
	return line
}

// ComparedRun is what a reader has to know of a run: "runs/1: compare, 2026-11-22 10:15:30
// UTC, 3 rounds, VALID, PASS".
func ComparedRun(a *analysis.Analysis) string {
	r := a.Run
	parts := []string{r.Dir + ": " + r.Scenario.Name, r.Created.UTC().Format("2006-01-02 15:04:05 UTC"), format.Plural(r.Scenario.Rounds, "round")}
	if a.Empty() {
		return strings.Join(append(parts, "NO RESULT"), ", ")
	}
	parts = append(parts, string(a.Validity))
	if a.Verdict != record.NoLimit && a.Verdict != record.InvalidInstrument {
		parts = append(parts, string(a.Verdict))
	}
	return strings.Join(parts, ", ")
}

// Difference is what differs between two runs: "machine: CPUs: 4 → 8".
func Difference(d compare.Difference) string {
	what := d.What
	if d.Where != "" {
		what = d.Where + ", " + what
	}
	if d.Fatal {
		what = d.Kind + ": " + what
	}
	base, fresh := DifferenceValues(d)
	line := fmt.Sprintf("%s: %s → %s", what, cmp.Or(base, "not known"), cmp.Or(fresh, "not known"))
	if d.Allowed {
		line += " (allowed)"
	}
	return line
}

// DifferenceValues are what differs between two runs, in words; "" where a run does not tell.
func DifferenceValues(d compare.Difference) (base, fresh string) {
	return valueOf(d, d.Base), valueOf(d, d.New)
}

func valueOf(d compare.Difference, value any) string {
	switch v := value.(type) {
	case nil:
		if d.Kind == compare.Load {
			return "none"
		}
		return ""
	case record.Phase:
		return load(v)
	case *analysis.Analysis:
		return outcome(d.What, v)
	case compare.Running:
		if v {
			return "ran already"
		}
		return "started for the run"
	case time.Duration:
		if v == 0 {
			return "none"
		}
		return format.Duration(v)
	case int64:
		return format.Count(v)
	case []record.Step:
		var all []string
		for _, s := range v {
			all = append(all, format.Rate(s.Rate)+" for "+format.Duration(s.Duration))
		}
		return strings.Join(all, ", ")
	case []record.Class:
		var all []string
		for _, c := range v {
			all = append(all, fmt.Sprintf("%s %s (model %s, %d in each)", c.Name, format.Percent(c.Share), c.Model, c.Batch))
		}
		return strings.Join(all, ", ")
	}
	return fmt.Sprint(value)
}

// outcome is what a run came to.
func outcome(what string, a *analysis.Analysis) string {
	switch what {
	case compare.Completeness:
		if short := a.Shortfall(); short != nil {
			return short.Word + ": " + Shortfall(a, short)
		}
		return "ran to its end"
	case compare.Servers:
		return cmp.Or(strings.Join(failureClauses(a), "; "), "none went wrong")
	}
	text := string(a.Validity)
	if fault, _ := a.Fault(); fault != nil {
		text += ": " + fault.Rule + " (" + fault.Figure + ")"
	}
	return text
}

// Missing names what only one run has.
func Missing(m compare.Missing) string {
	has, lacks := "new run", "base"
	if m.InBase {
		has, lacks = lacks, has
	}
	what := m.Target
	switch {
	case m.Starts:
		what += ", cold starts"
	case m.Phase != "":
		what += ", phase " + m.Phase
	}
	line := fmt.Sprintf("%s: measured in the %s alone", what, has)
	if m.Why != "" {
		line += fmt.Sprintf("; in the %s it did not run: %s", lacks, m.Why)
	}
	return line
}

// ComparedLoads heads the figures of a phase with the load of both runs.
func ComparedLoads(c *compare.Comparison, phase string) string {
	if phase == "" {
		return "cold start: from the server's start to its first answer"
	}
	base, fresh := load(c.Base.Run.Phase(phase)), load(c.New.Run.Phase(phase))
	if base != fresh {
		return fmt.Sprintf("%s: %s; in the new run %s", phase, base, fresh)
	}
	return phase + ": " + base
}

// ComparisonMethod says how the intervals of a comparison are made.
const ComparisonMethod = "95 % intervals from the logarithms of the rounds' figures (Welch's t), of goodput and error rates at least what chance makes of so many requests (Zou and Donner); none with fewer than three rounds in either run, or where they are all the same"

// ComparisonNotes say how the figures of comparisons are made, and how far they can be
// believed; none where nothing was compared.
func ComparisonNotes(all []*compare.Comparison) []string {
	intervals, few, pooled, any := 0, false, false, false
	for _, c := range all {
		for _, f := range c.Figures {
			any = true
			if f.HasInterval {
				intervals++
			}
			few = few || f.Base.N < stat.FewRounds || f.New.N < stat.FewRounds
			pooled = pooled || f.Unit != stat.Share && f.Known && f.Base.Pooled
		}
	}
	if !any {
		return nil
	}
	notes := []string{"BASE and NEW are geometric means over rounds, of a cold start over starts, and of an error rate the share of all requests, whose change is a difference. " + ComparisonMethod + "."}
	if pooled {
		notes = append(notes, "Where single rounds are too short for a figure, it is that of all rounds together and has no interval.")
	}
	if few {
		notes = append(notes, "A single pair of runs cannot separate a change from noise: in simulations of a shared machine, a threshold of 10 % on the p99 of one round each reports a third of unchanged servers as slower.")
	}
	if intervals > 0 {
		notes = append(notes, fmt.Sprintf("Of %d intervals at 95 %%, %s on average miss the truth by chance alone.", intervals, format.Number(0.05*float64(intervals))))
	}
	return notes
}

// ComparisonWarning is what has to be known before any figure is read; "" where nothing
// was compared.
func ComparisonWarning(all []*compare.Comparison) string {
	if !slices.ContainsFunc(all, func(c *compare.Comparison) bool { return len(c.Figures) > 0 }) {
		return ""
	}
	return "This is no gate: the runs were made one after the other, and what the machine did in between is in the figures, which no interval includes, " +
		"so that two runs of one server differ, too. servebench ab runs both servers in every round and judges by pairs."
}
