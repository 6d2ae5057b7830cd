package stats

import (
	"fmt"
	"strings"

	"servebench/reports/format"
	"servebench/reports/record"
)

// Word is what a run comes to, in a word: its verdict, or "NO RESULT" where nothing
// was measured; where there is nothing to judge, its Shortfall's or its validity.
func (a *Analysis) Word() string {
	switch {
	case a.Nothing() != "":
		return "NO RESULT"
	case a.Verdict != NoLimit:
		return string(a.Verdict)
	}
	if short := a.Shortfall(); short != nil {
		return short.Word
	}
	return string(a.Validity)
}

// Sentence says what the Word rests on, in one sentence without a full stop: what
// went wrong with the servers first, then what decided.
func (a *Analysis) Sentence() string { return a.sentence(a.Blame()) }

// Lead is the Sentence for where all that makes a run INVALID is said right below it:
// it names none of that.
func (a *Analysis) Lead() string { return a.sentence(a.Disbelief()) }

// sentence takes what is said of an INVALID run.
func (a *Analysis) sentence(invalid string) string {
	if why := a.Nothing(); why != "" {
		return "nothing was measured: " + why
	}
	judgement := a.judgement(invalid)
	if a.AB != nil && a.Verdict == Inconclusive && a.AB.Interim == 0 && a.AB.Command == "" {
		return judgement // a variant never started, which it says
	}
	var says []string
	for _, t := range a.ServerFailures() {
		says = append(says, t.Says())
	}
	if given := a.givenUp(); given != "" {
		says = append(says, given)
	}
	switch {
	case len(says) == 0:
		return judgement
	case a.Verdict == NoLimit && !a.OnlyStarts():
		return strings.Join(says, "; ") // without limits there is nothing to say beside it
	}
	return strings.Join(says, "; ") + ". Besides, " + judgement
}

// givenUp says how many requests had no answer yet when the user ended the run.
func (a *Analysis) givenUp() string {
	var all record.Ledger
	for _, r := range a.Rows {
		all = addLedgers(all, r.Ledger)
	}
	if a.Run.Interrupted == "" || all.Censored == 0 {
		return ""
	}
	return fmt.Sprintf("%s of %s requests were given up when the run was ended", format.Count(all.Censored), format.Count(all.Sent))
}

func (a *Analysis) judgement(invalid string) string {
	switch {
	case a.OnlyStarts() && a.Verdict == NoLimit:
		return a.StartLine()
	case a.OnlyStarts():
		return a.StartLine() + "; " + a.OnLimits()
	case a.Verdict == InvalidInstrument:
		return invalid
	case a.AB != nil:
		return a.AB.Why
	case a.Verdict == NoLimit:
		if line := a.Answer(); line != "" {
			return line + "; the scenario sets no limits"
		}
		return "measured; the scenario sets no limits"
	}
	return a.OnLimits()
}

// OnLimits says which of the limits hold and which do not: "all 6 limits hold", "of 6
// limits, broken: container error rate".
func (a *Analysis) OnLimits() string {
	switch {
	case a.Verdict == Pass:
		return hold(len(a.Gates))
	case a.HoldInPart():
		return hold(len(a.Gates)) + " in what was measured, which is not all that was planned"
	}
	var parts []string
	if broken := a.gatesThat(Fail); len(broken) > 0 {
		parts = append(parts, "broken: "+strings.Join(broken, ", "))
	}
	if open := a.gatesThat(Inconclusive); len(open) > 0 {
		parts = append(parts, "undecided: "+strings.Join(open, ", "))
	}
	return fmt.Sprintf("of %s, %s", limits(len(a.Gates)), strings.Join(parts, "; "))
}

// gatesThat names the limits of a verdict: "container p99 response time".
func (a *Analysis) gatesThat(v Verdict) []string {
	var names []string
	for _, g := range a.Gates {
		if g.Verdict == v {
			names = append(names, g.Target+" "+g.Metric+a.inPhase(g.Phase))
		}
	}
	return names
}

// inPhase names the phase where several are measured: " in spike".
func (a *Analysis) inPhase(name string) string {
	measured := 0
	for _, p := range a.Run.Scenario.Phases {
		if p.Measured {
			measured++
		}
	}
	if measured < 2 || name == "" {
		return ""
	}
	return " in " + name
}

func hold(n int) string {
	if n == 1 {
		return "the limit holds"
	}
	return fmt.Sprintf("all %s hold", limits(n))
}

func limits(n int) string {
	if n == 1 {
		return "1 limit"
	}
	return fmt.Sprintf("%d limits", n)
}
