package stats

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/record"
)

// Shortfall says that, and why, a run holds less than its plan, whatever ended it: what
// was planned and not measured is missing evidence, and no PASS.
type Shortfall struct {
	Word string // "INTERRUPTED", "UNFINISHED" or "INCOMPLETE"
	Text string // one sentence without a full stop, with what was not measured
}

// The words of a Shortfall.
const (
	wordInterrupted = "INTERRUPTED" // somebody stopped it
	wordUnfinished  = "UNFINISHED"  // it was killed, or is still going on
	wordIncomplete  = "INCOMPLETE"  // it came to its end without all that was planned
)

// Shortfall is nil of a run that came to the end of its plan, and of one in which
// Nothing was measured or that was Refused, which say so themselves. What a server
// lacks for one of the ServerFailures is told there.
func (a *Analysis) Shortfall() *Shortfall {
	if a.Nothing() != "" || a.Refused() {
		return nil
	}
	gaps := a.gaps()
	s := &Shortfall{Word: wordUnfinished}
	switch run := a.Run; {
	case run.Interrupted != "":
		s.Word, s.Text = wordInterrupted, "the run ended before its plan did: "+strings.TrimRight(run.Interrupted, ". ")
	case run.Finished.IsZero():
		s.Text = unfinished(run)
	case a.AB != nil:
		if a.AB.Decided() || a.AB.Interim == a.AB.Interims || a.Validity == Invalid || len(a.ServerFailures()) > 0 {
			return nil
		}
		next := run.AB.Interims[a.AB.Interim].Pairs
		s.Word, s.Text = wordIncomplete, fmt.Sprintf("the A/B test ended undecided after %s, before the interim analysis after round %d", rounds(a.AB.Pairs+len(a.AB.Lost)), next)
	default:
		failures := a.ServerFailures()
		gaps = slices.DeleteFunc(gaps, func(g gap) bool {
			return slices.ContainsFunc(failures, func(t ServerFailure) bool { return t.Target == g.target })
		})
		if len(gaps) == 0 {
			return nil
		}
		s.Word, s.Text = wordIncomplete, "the record does not hold all that was planned"
	}
	if len(gaps) > 0 {
		s.Text += "; not measured: " + a.told(gaps)
	}
	return s
}

// unfinished says what is known of a run that was not saved as finished.
func unfinished(run *record.Run) string {
	switch run.Hold {
	case record.Held:
		return "the run is still going on"
	case record.Free:
		return "the run is unfinished and no servebench is writing it: servebench was killed"
	}
	return "the run is unfinished: it is still going on, or servebench was killed"
}

// Complete says that all that was planned was measured.
func (a *Analysis) Complete() bool {
	return a.Nothing() == "" && !a.Refused() && a.Shortfall() == nil && len(a.gaps()) == 0
}

// gap is what the record lacks of a target: rounds of a phase, or starts.
type gap struct {
	target, phase string // phase is "" of starts
	made, planned int
}

func (g gap) says() string {
	what := "rounds"
	if g.phase == "" {
		what = "starts"
	}
	return fmt.Sprintf("%d of %d %s", g.made, g.planned, what)
}

// told lists what is lacking: "physical steady 1 of 3 rounds, container 4 of 20 starts".
func (a *Analysis) told(gaps []gap) string {
	var parts []string
	for _, g := range gaps {
		g.made = g.planned - g.made
		parts = append(parts, strings.Join(strings.Fields(a.Label(g.target)+" "+g.phase+" "+g.says()), " "))
	}
	return strings.Join(parts, ", ")
}

// gaps hold the plan against the record: each phase on each target that could run, in
// each round, and each start. What an ended load left out in a trial is
// no gap, and an A/B test has interim analyses instead. A warm-up is named where
// nothing else is missing on its target: it is played for what comes after it.
func (a *Analysis) gaps() []gap {
	run := a.Run
	if run.AB != nil {
		return nil
	}
	whole, aborted := wholeCells(run)
	var all []gap
	for _, t := range run.Targets {
		if t.Unavailable != "" {
			continue
		}
		var measured, others []gap
		for _, p := range run.Scenario.Phases {
			g := gap{t.Name, p.Name, 0, run.Scenario.Rounds}
			for round := 1; round <= g.planned; round++ {
				if whole[seat{t.Name, p.Name, round}] || aborted[seat{variant: t.Name, round: round}] {
					g.made++
				}
			}
			switch {
			case g.made == g.planned:
			case p.Measured:
				measured = append(measured, g)
			default:
				others = append(others, g)
			}
		}
		if len(measured) == 0 {
			measured = others
		}
		all = append(all, measured...)
		if g := missingStarts(run, t); g.made < g.planned {
			all = append(all, g)
		}
	}
	return all
}

// wholeCells are the seats that were measured to the end of their schedule, and the
// trials, as seats without a phase, whose load abort_on or the end of the server ended.
func wholeCells(run *record.Run) (whole, aborted map[seat]bool) {
	whole, aborted = map[seat]bool{}, map[seat]bool{}
	for _, c := range run.Cells {
		switch {
		case c.Discarded != "":
		case c.Aborted != "":
			aborted[seat{variant: c.Target, round: c.Round}] = true
		case !c.Stopped && (c.Failed == "" || c.Measured): // a measured one that failed makes the run INVALID
			whole[seat{c.Target, c.Phase, c.Round}] = true
		}
	}
	return whole, aborted
}

// missingStarts counts the starts of a target: one in each round of load, and those
// for their own sake.
func missingStarts(run *record.Run, t record.Target) gap {
	g := gap{target: t.Name, planned: run.Scenario.ColdStarts}
	if t.Running {
		return gap{}
	}
	if len(run.Scenario.Phases) > 0 {
		g.planned += run.Scenario.Rounds
	}
	seen := map[int]bool{} // a trial that was rerun is one start of the plan
	for _, d := range t.Deployments {
		if ended := answered(d) || d.Failed != "" || d.FirstAnswerError != ""; ended && !seen[d.Round] {
			seen[d.Round] = true
			g.made++
		}
	}
	return g
}

// HoldInPart says that no limit is broken or open in what was measured, which is not
// all that was planned.
func (a *Analysis) HoldInPart() bool {
	return a.Verdict == Inconclusive && len(a.Gates) > 0 &&
		!slices.ContainsFunc(a.Gates, func(g Gate) bool { return g.Verdict != Pass && !g.InPart })
}

// leaveOpen takes back the PASS of limits that were judged by a part of what was
// planned: they may be broken in the rest. A FAIL is seen already.
func (a *Analysis) leaveOpen(gates []Gate) {
	gaps := a.gaps()
	for i := range gates {
		g := &gates[i]
		k := slices.IndexFunc(gaps, func(gap gap) bool { return gap.target == g.Target && gap.phase == g.Phase })
		if k >= 0 && g.Verdict == Pass {
			g.Verdict, g.InPart = Inconclusive, true
			g.Why = "it holds in what was measured, " + gaps[k].says()
		}
	}
}
