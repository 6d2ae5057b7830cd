package sentence

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

// Nothing says why a run that is Empty has no result, as a clause.
func Nothing(a *analysis.Analysis) string {
	run := a.Run
	reasons := failureClauses(a)
	if run.Interrupted != "" {
		reasons = append(reasons, "the run was interrupted: "+strings.TrimRight(run.Interrupted, ". "))
	}
	if len(reasons) > 0 {
		return strings.Join(reasons, "; ")
	}
	there := func(t record.Target) bool { return t.Unavailable == "" }
	starts := a.OnlyStarts()
	switch {
	case !slices.ContainsFunc(run.Targets, there):
		return "no target can run here"
	case starts && !slices.ContainsFunc(run.Targets, func(t record.Target) bool { return there(t) && !t.Running }):
		return "the servers are not started here, so that there is no start"
	case starts && !run.Finished.IsZero():
		return "no start came to its first answer"
	case !starts && !slices.ContainsFunc(run.Scenario.Phases, func(p record.Phase) bool { return p.Measured }):
		return "no phase of the scenario is measured"
	case run.Finished.IsZero():
		return "the run has not come to its end"
	}
	return "no request of a measured phase was sent"
}

// FailureClause is a failure without its cause: "the server of container died in round 3".
func FailureClause(f sample.ServerFailure) string {
	return fmt.Sprintf("the server of %s %s", f.Target, failureText(f))
}

// givenUp says how many requests had no answer yet when the user ended the run; "" of
// none.
func givenUp(a *analysis.Analysis) string {
	l := a.GivenUp()
	if l.Censored == 0 {
		return ""
	}
	return fmt.Sprintf("%s of %s requests were given up when the run was ended", format.Count(l.Censored), format.Count(l.Sent))
}

// Shortfall says why a run holds less than its plan, and what of it, as a clause.
func Shortfall(a *analysis.Analysis, s *sample.Shortfall) string {
	text := "the record does not hold all that was planned"
	switch {
	case s.Next > 0:
		text = fmt.Sprintf("the A/B test ended undecided after %s, before the interim analysis after round %d", format.Plural(s.Played, "round"), s.Next)
	case s.Word == sample.WordInterrupted:
		text = "the run ended before its plan did: " + strings.TrimRight(a.Run.Interrupted, ". ")
	case s.Word == sample.WordUnfinished && a.Run.Hold == record.Held:
		text = "the run is still going on"
	case s.Word == sample.WordUnfinished && a.Run.Hold == record.Free:
		text = "the run is unfinished and no servebench is writing it: servebench was killed"
	case s.Word == sample.WordUnfinished:
		text = "the run is unfinished: it is still going on, or servebench was killed"
	}
	var missing []string
	for _, g := range s.Gaps {
		g.Made = g.Planned - g.Made
		missing = append(missing, strings.Join(strings.Fields(a.Label(g.Target)+" "+g.Phase+" "+g.String()), " "))
	}
	if len(missing) > 0 {
		text += "; not measured: " + strings.Join(missing, ", ")
	}
	return text
}

// failureClauses are the failures of a run's servers.
func failureClauses(a *analysis.Analysis) []string {
	var all []string
	for _, f := range a.ServerFailures() {
		all = append(all, FailureClause(f))
	}
	return all
}

// failureText says in what a server failed: "died in round 3", "failed 96 % of 4,000
// requests", "answered none of the last 120 requests of phase steady rightly".
func failureText(f sample.ServerFailure) string {
	switch f.Kind {
	case sample.Overwhelmed:
		return fmt.Sprintf("could not sustain the load of phase %s in %s", f.Phase, format.Rounds(f.Rounds))
	case sample.FailedMost:
		return fmt.Sprintf("failed %s of %s requests", format.Percent(f.Failed.Value), format.Count(f.Failed.N))
	case sample.Silent:
		text := fmt.Sprintf("answered none of the last %s requests of phase %s rightly", format.Count(f.Last), f.Phase)
		if len(f.Rounds) > 0 {
			text += " in " + RoundList(f.Rounds[:1])
		}
		if len(f.Rounds) > 1 {
			text += fmt.Sprintf(", and as little at its end in %s", format.Plural(len(f.Rounds)-1, "other round"))
		}
		return text
	}
	words := map[sample.FailureKind][2]string{
		sample.NotUp:    {"did not come up", " in any round"},
		sample.NotRight: {"did not give a right first answer", " in any round"},
		sample.Died:     {"died", " in every round"},
		sample.Evicted:  {"was ended by its platform", " in every round"},
		sample.Removed:  {"was removed by somebody else", " in every round"},
	}[f.Kind]
	switch {
	case f.Again:
		return words[0] + " again to rerun " + RoundList(f.Rounds)
	case f.Always:
		return words[0] + words[1]
	case len(f.Rounds) == 0:
		return words[0]
	}
	return words[0] + " in " + RoundList(f.Rounds)
}

// Ended says when and why the load of a row was ended before its schedule did,
// "ended after 7.7 s of 20 s: abort_on: …"; "" of one that was played to its end.
// A pooled row tells the first.
func Ended(r sample.Row) string {
	span := format.Duration(r.Span / time.Duration(max(r.Rounds, 1)))
	text := ""
	switch {
	case !r.Ended():
		return ""
	case len(r.Aborts) > 0:
		where := ""
		if r.Rounds > 1 {
			where = " in " + format.Rounds(sample.AbortRounds(r.Aborts))
		}
		text = fmt.Sprintf("ended after %s of %s%s: %s", sample.Shortly(r.Aborts[0].After), span, where, r.Aborts[0].Text)
	case r.Rounds == 1:
		text = fmt.Sprintf("ended after %s of %s, because it was stopped", sample.Shortly(r.Played), span)
	default:
		text = "ended before its time in the last round, because it was stopped"
	}
	if r.NotDue > 0 && r.Concurrency == 0 {
		text += fmt.Sprintf("; %s of the requests scheduled were not due: the load was ended", format.Count(r.NotDue))
	}
	return text
}
