// Package sentence says in sentences and clauses what an analysis found: verdicts, limits,
// A/B tests, steps, comparisons, what each target came to, what is missing, and under which
// conditions and by which methods figures were made. It stands between reports/analysis and
// package document, which puts the sentences where they are read; printers of single findings,
// such as JUnit's, take them as well.
package sentence

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"servebench/reports/analysis"
	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/gate"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
)

// Word is what a run comes to, in a word: its verdict, or "NO RESULT" where nothing
// was measured, or only one of two servers that are compared; where there is nothing to judge, its Shortfall's or its validity.
func Word(a *analysis.Analysis) string {
	switch {
	case a.NoResult():
		return "NO RESULT"
	case a.Verdict != record.NoLimit:
		return string(a.Verdict)
	}
	if short := a.Shortfall(); short != nil {
		return short.Word
	}
	return string(a.Validity)
}

// basis takes what is said of an INVALID run.
func basis(a *analysis.Analysis, invalid string) string {
	if a.Empty() {
		return "nothing was measured: " + Nothing(a)
	}
	if a.NoResult() {
		return ABWhy(a)
	}
	judgement := judgement(a, invalid)
	says := failureClauses(a)
	if given := givenUp(a); given != "" {
		says = append(says, given)
	}
	switch {
	case len(says) == 0:
		return judgement
	case a.Verdict == record.NoLimit && !a.OnlyStarts():
		return strings.Join(append(says, roundsLeft(a)...), "; ") // without limits there is nothing else to say beside it
	}
	return strings.Join(says, "; ") + ". Also, " + judgement
}

// roundsLeft says of the targets whose server did not come up in some rounds how many were measured.
func roundsLeft(a *analysis.Analysis) (all []string) {
	for _, f := range a.ServerFailures() {
		if i := slices.IndexFunc(a.Rows, func(r sample.Row) bool { return r.Target == f.Target }); f.Kind == sample.NotUp && i >= 0 {
			all = append(all, fmt.Sprintf("%s was measured %s", f.Target, InRounds(a.Rows[i].Rounds, a.Run.Scenario.Rounds)))
		}
	}
	return all
}

func judgement(a *analysis.Analysis, invalid string) string {
	switch {
	case a.OnlyStarts() && a.Verdict == record.NoLimit:
		return startLine(a)
	case a.OnlyStarts():
		return startLine(a) + "; " + onLimits(a)
	case a.Verdict == record.InvalidInstrument:
		return invalid
	case a.AB != nil:
		return ABWhy(a)
	case a.Run.Capacity != nil && len(a.Gates) > 0:
		return onLimits(a) + ": " + capacityLine(a)
	case a.Run.Capacity != nil:
		return capacityLine(a)
	case a.Verdict == record.NoLimit:
		if line := result(a); line != "" {
			return line + "; the scenario sets no limits"
		}
		return "measured; the scenario sets no limits"
	}
	return onLimits(a)
}

// onLimits says which of the limits are met and which are not: "all 6 limits are met", "1
// of 6 limits not met: container error rate". A PASS that says nothing of how long answers
// took says so.
func onLimits(a *analysis.Analysis) string {
	switch {
	case a.Verdict == record.Pass && !a.OnlyStarts() && a.Run.Capacity == nil && !limitsTime(a.Gates):
		if len(a.Gates) == 1 {
			return allHold(1) + "; it is not on response time"
		}
		return allHold(len(a.Gates)) + "; none is on response time"
	case a.Verdict == record.Pass:
		return allHold(len(a.Gates))
	case a.HoldInPart():
		return allHold(len(a.Gates)) + " in what was measured, which is not all that was planned"
	}
	var parts []string
	if broken := limitsThat(a, record.Fail); len(broken) > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s not met: %s", len(broken), countLimits(len(a.Gates)), strings.Join(broken, ", ")))
	}
	if open := limitsThat(a, record.Inconclusive); len(open) > 0 {
		of := ""
		if len(parts) == 0 {
			of = " of " + countLimits(len(a.Gates))
		}
		parts = append(parts, fmt.Sprintf("%d%s undecided: %s", len(open), of, strings.Join(open, ", ")))
	}
	return strings.Join(parts, "; ")
}

func limitsTime(gates []gate.Gate) bool {
	return slices.ContainsFunc(gates, func(g gate.Gate) bool { return g.Unit == stat.Seconds })
}

// limitsThat names the limits of a verdict: "container p99 response time".
func limitsThat(a *analysis.Analysis, v record.Verdict) []string {
	var names []string
	for _, g := range a.Gates {
		if g.Verdict == v {
			names = append(names, g.Target+" "+g.Metric+inPhase(a, g.Phase))
		}
	}
	return names
}

// inPhase names the phase where several are measured.
func inPhase(a *analysis.Analysis, name string) string {
	if !a.Several() || name == "" {
		return ""
	}
	return " in phase " + name
}

func allHold(n int) string {
	if n == 1 {
		return "the limit is met"
	}
	return fmt.Sprintf("all %s are met", countLimits(n))
}

func countLimits(n int) string {
	if n == 1 {
		return "1 limit"
	}
	return fmt.Sprintf("%d limits", n)
}

// Disbelief says of an INVALID run what its errors come to, without naming them.
func Disbelief(a *analysis.Analysis) string {
	if a.Refused() {
		return "this machine cannot give what the load needs"
	}
	return "the measurement is not valid"
}

// Blame says why the run is INVALID, by which rule, and what to do: "the measurement is
// not valid: generator-cpu (generator CPU 91 %, want ≤ 80 %); to fix it:
// lower the rate"; "" of a run that is not.
func Blame(a *analysis.Analysis) string {
	d, others := a.Fault()
	if d == nil {
		return ""
	}
	figure := d.Figure
	if d.Threshold == "none" && !strings.Contains(d.Text, figure) { // a label; the error is in the text
		figure = sample.FirstLine(d.Text)
	}
	text := Disbelief(a) + ": " + d.Rule + " (" + figure
	if d.Threshold != "" && d.Threshold != "none" {
		text += ", want " + d.Threshold
	}
	text += ")"
	switch {
	case others == 1:
		text += " and 1 more reason"
	case others > 1:
		text += fmt.Sprintf(" and %d more reasons", others)
	}
	return text + "; to fix it: " + d.Action
}

// stepLine is what all targets held in one line; "" of a run without steps.
func stepLine(a *analysis.Analysis) string {
	var parts []string
	several := slices.ContainsFunc(a.Stepped, func(s capacity.Stepped) bool { return s.Phase != a.Stepped[0].Phase })
	for _, s := range a.Stepped {
		phase := ""
		if several {
			phase = ", " + s.Phase + ":"
		}
		parts = append(parts, a.Label(s.Target)+phase+" "+StepsResult(s))
	}
	return strings.Join(parts, "; ")
}

// startLine is the starts of all targets in one line: "physical 21 ms · vm (TCG)
// 4.1 s to the first answer, median of 20 starts each"; "" where there was none.
func startLine(a *analysis.Analysis) string {
	var starts []sample.ColdStart
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

// saturationLine is what all targets answer at most, in one line; "" of a run
// without saturation.
func saturationLine(a *analysis.Analysis) string {
	var parts []string
	for _, s := range a.Saturated {
		parts = append(parts, a.Label(s.Target)+" "+SaturationResult(s))
	}
	return strings.Join(parts, "; ")
}

// result is the line that says what a run was for: the steps that were held,
// the highest throughput, what the target costs; "" of any other.
func result(a *analysis.Analysis) string {
	for _, line := range []string{stepLine(a), saturationLine(a), overheadLine(a)} {
		if line != "" {
			return line
		}
	}
	return ""
}

// overheadLine is what the targets cost, in one line: "at p50 the overhead is 306 µs on
// physical, ×1.1 on container"; "" where that is not known.
func overheadLine(a *analysis.Analysis) string {
	if a.Overhead == nil {
		return ""
	}
	base, known := a.Overhead.Row(a.Overhead.Base, stat.Quantiles()[0])
	if !known || !base.Known {
		return ""
	}
	line := "at p50 the overhead is " + format.Duration(base.Overhead.Value) + " on " + a.Label(base.Target)
	for _, r := range a.Overhead.Rows {
		if r.Q == base.Q && r.Overhead.HasRatio {
			line += ", ×" + format.Number(r.Overhead.Ratio) + " on " + a.Label(r.Target)
		}
	}
	return line
}

// RoundsLine says what the verdict is about, and what its rounds leave open: the share of
// rounds that may have a fault which none of these has, the upper end of the exact 95 %
// interval of none of n; "" where no limit of a load was judged.
func RoundsLine(a *analysis.Analysis) string {
	fewest := 0
	for _, g := range a.Gates {
		i := slices.IndexFunc(a.Rows, func(r sample.Row) bool { return r.Target == g.Target && r.Phase == g.Phase })
		if i >= 0 && g.Verdict != record.InvalidInstrument && (fewest == 0 || a.Rows[i].Rounds < fewest) {
			fewest = a.Rows[i].Rounds
		}
	}
	switch fewest {
	case 0:
		return ""
	case 1:
		return "With 1 round, the variation between rounds is unknown."
	}
	return fmt.Sprintf("With %d rounds, a fault that occurs in up to %s of rounds may have been missed.",
		fewest, format.Percent(stat.NewProportion(0, int64(fewest)).High))
}

// Verdict says what the Word rests on, in one sentence without a full stop: what
// went wrong with the servers first, then what decided.
func Verdict(a *analysis.Analysis) string { return basis(a, Blame(a)) }

// Lead is the Sentence for where all that makes a run INVALID is said right below it:
// it names none of that.
func Lead(a *analysis.Analysis) string { return basis(a, Disbelief(a)) }

// Noise says what noise there is on the machine of an A/B test: "p50 1.2 %, which 30
// rounds of a server with itself …"; "" where that is not known.
func Noise(a *analysis.Analysis) string {
	noise := a.MachineNoise()
	if len(noise.Floors) == 0 {
		return ""
	}
	var floors []string
	for _, name := range a.Run.AB.Metrics {
		if floor, known := noise.Floors[name]; known {
			// Upwards: a margin that reads like the floor is above it.
			floors = append(floors, name+" "+format.Percent(math.Ceil(1000*floor)/1000))
		}
	}
	if len(floors) == 0 {
		return ""
	}
	return fmt.Sprintf("%s, which %s of a server with itself showed here (half the distance between bounds as strict as those of a FAIL at the last interim analysis, "+
		"widened since so few rounds do not tell the spread exactly): a smaller margin is indistinguishable from noise",
		strings.Join(floors, ", "), format.Plural(noise.Rounds, "round"))
}

// Floor says where the floor is known from, or how it comes to be known.
func Floor(run *record.Run) string {
	if run.Calibration == nil {
		return "floor: not known; run " + format.Command(record.Program(run), "calibrate")
	}
	return "floor: the response time of the load generator, the kernel and loopback alone at that rate, with a server that does no work; calibrated " +
		run.Calibration.Created.UTC().Format("2 January 2006")
}

// BoundsMethod says what the bounds of an A/B test's metrics are worth, at the interim analysis that
// was reached last; "" where there was none.
func BoundsMethod(a *analysis.Analysis) string {
	if a.AB == nil || a.AB.Interim == 0 {
		return ""
	}
	interim, metrics := a.Run.AB.Interims[a.AB.Interim-1], len(a.AB.Metrics)
	text := "Bounds, at this interim analysis: the true change is worse than both bounds in at most " + format.Percent(interim.Beta) +
		" of such A/B tests, and better than both in at most " + format.Percent(interim.Alpha/float64(metrics))
	if metrics > 1 { // what Holm's step finds surely worse is bounded by no change
		text += " (" + format.Percent(interim.Alpha) + " where one of them is 0.0 %)"
	}
	return text
}

// Conditions says what an A/B test's candidate fails and passes by: "FAIL:
// significantly worse, with an estimate of 3 % or more. PASS: significantly less than 5 %
// worse. …".
func Conditions(a *analysis.Analysis) string {
	abTest := a.Run.AB
	if abTest == nil {
		return ""
	}
	return "FAIL: significantly worse, with an estimate of " + format.Percent(abTest.Margin) + " or more. PASS: significantly less than " +
		format.Percent(abTest.Tolerance) + " worse. INCONCLUSIVE: neither is significant"
}

// RoundList is "round 2" or "rounds 1, 2 and 3".
func RoundList(rounds []int) string {
	named := slices.Compact(slices.Sorted(slices.Values(rounds)))
	names := make([]string, len(named))
	for i, r := range named {
		names[i] = fmt.Sprint(r)
	}
	if len(names) == 1 {
		return "round " + names[0]
	}
	return "rounds " + Listed(names)
}

// Listed writes a list as "a, b and c".
func Listed(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}

// Diagnostic is the text of a diagnostic with the rounds that it is of beside its own, as a
// clause.
func Diagnostic(d record.Diagnostic) string {
	var more []string
	if d.Times > 1 {
		more = append(more, fmt.Sprintf("%d times", d.Times))
	}
	if len(d.Also) > 0 {
		more = append(more, "also in "+format.Rounds(d.Also))
	}
	if len(more) == 0 {
		return d.Text
	}
	return d.Text + " (" + strings.Join(more, "; ") + ")"
}
