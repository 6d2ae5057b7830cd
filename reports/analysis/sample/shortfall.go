package sample

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
	WordInterrupted = "INTERRUPTED" // somebody stopped it
	WordUnfinished  = "UNFINISHED"  // it was killed, or is still going on
	WordIncomplete  = "INCOMPLETE"  // it came to its end without all that was planned
)

// Unended is the Shortfall of a run that did not come to its end; nil of any other.
func (s *Set) Unended() *Shortfall {
	run := s.Run
	switch {
	case s.Nothing() != "" || s.Refused():
		return nil
	case run.Interrupted != "":
		return s.shortfall(WordInterrupted, "the run ended before its plan did: "+strings.TrimRight(run.Interrupted, ". "), s.Gaps())
	case run.Finished.IsZero():
		return s.shortfall(WordUnfinished, unfinished(run), s.Gaps())
	}
	return nil
}

// Incomplete is the Shortfall of a run that came to its end and holds less than its
// plan; nil of any other. What a server lacks for one of the ServerFailures is told there.
func (s *Set) Incomplete() *Shortfall {
	failures := s.ServerFailures()
	gaps := slices.DeleteFunc(s.Gaps(), func(g Gap) bool {
		return slices.ContainsFunc(failures, func(t ServerFailure) bool { return t.Target == g.Target })
	})
	if len(gaps) == 0 || s.Nothing() != "" || s.Refused() || s.Unended() != nil {
		return nil
	}
	return s.shortfall(WordIncomplete, "the record does not hold all that was planned", gaps)
}

func (s *Set) shortfall(word, text string, gaps []Gap) *Shortfall {
	if len(gaps) > 0 {
		text += "; not measured: " + s.told(gaps)
	}
	return &Shortfall{Word: word, Text: text}
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

// Gap is what the record lacks of a target: rounds of a phase, or starts.
type Gap struct {
	Target, Phase string // phase is "" of starts
	Made, Planned int
}

// String is "1 of 3 rounds".
func (g Gap) String() string {
	what := "rounds"
	if g.Phase == "" {
		what = "starts"
	}
	return fmt.Sprintf("%d of %d %s", g.Made, g.Planned, what)
}

// told lists what is lacking: "physical steady 1 of 3 rounds, container 4 of 20 starts".
func (s *Set) told(gaps []Gap) string {
	var parts []string
	for _, g := range gaps {
		g.Made = g.Planned - g.Made
		parts = append(parts, strings.Join(strings.Fields(s.Label(g.Target)+" "+g.Phase+" "+g.String()), " "))
	}
	return strings.Join(parts, ", ")
}

// Gaps hold the plan against the record: each phase on each target that could run, in
// each round, and each start. What an ended load left out in a trial is
// no gap, and an A/B test has interim analyses instead. A warm-up is named where
// nothing else is missing on its target: it is played for what comes after it.
func (s *Set) Gaps() []Gap {
	run := s.Run
	if run.AB != nil {
		return nil
	}
	whole, aborted := wholeCells(run)
	var all []Gap
	for _, t := range run.Targets {
		if t.Unavailable != "" {
			continue
		}
		var measured, others []Gap
		for _, p := range run.Scenario.Phases {
			g := Gap{t.Name, p.Name, 0, run.Scenario.Rounds}
			for round := 1; round <= g.Planned; round++ {
				if whole[Seat{t.Name, p.Name, round}] || aborted[Seat{Target: t.Name, Round: round}] {
					g.Made++
				}
			}
			switch {
			case g.Made == g.Planned:
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
		if g := missingStarts(run, t); g.Made < g.Planned {
			all = append(all, g)
		}
	}
	return all
}

// wholeCells are the seats that were measured to the end of their schedule, and the
// trials, as seats without a phase, whose load abort_on or the end of the server ended.
func wholeCells(run *record.Run) (whole, aborted map[Seat]bool) {
	whole, aborted = map[Seat]bool{}, map[Seat]bool{}
	for _, c := range run.Cells {
		switch {
		case c.Discarded != "":
		case c.Aborted != "":
			aborted[Seat{Target: c.Target, Round: c.Round}] = true
		case !c.Stopped && (c.Failed == "" || c.Measured): // a measured one that failed makes the run INVALID
			whole[Seat{c.Target, c.Phase, c.Round}] = true
		}
	}
	return whole, aborted
}

// missingStarts counts the starts of a target: one in each round of load, and those
// for their own sake.
func missingStarts(run *record.Run, t record.Target) Gap {
	g := Gap{Target: t.Name, Planned: run.Scenario.ColdStarts}
	if t.Running {
		return Gap{}
	}
	if len(run.Scenario.Phases) > 0 {
		g.Planned += run.Scenario.Rounds
	}
	seen := map[int]bool{} // a trial that was rerun is one start of the plan
	for _, d := range t.Deployments {
		if ended := d.Answered() || d.Failed != "" || d.FirstAnswerError != ""; ended && !seen[d.Round] {
			seen[d.Round] = true
			g.Made++
		}
	}
	return g
}

// seat is the position of a cell that counts.
type Seat struct {
	Target, Phase string
	Round         int
}

// Nothing says why there is no result: no request of a measured phase was sent, or,
// in a run of starts alone, no start came to its first answer. "" when there is
// one, be it good or bad, and when the run was Refused.
func (s *Set) Nothing() string {
	if s.hasResult() || s.Refused() {
		return ""
	}
	var reasons []string
	for _, t := range s.ServerFailures() {
		reasons = append(reasons, t.Says())
	}
	if s.Run.Interrupted != "" {
		reasons = append(reasons, "the run was interrupted: "+strings.TrimRight(s.Run.Interrupted, ". "))
	}
	if len(reasons) > 0 {
		return strings.Join(reasons, "; ")
	}
	switch {
	case !slices.ContainsFunc(s.Run.Targets, func(t record.Target) bool { return t.Unavailable == "" }):
		return "no target can run here"
	case s.OnlyStarts() && !slices.ContainsFunc(s.Run.Targets, func(t record.Target) bool { return t.Unavailable == "" && !t.Running }):
		return "the servers are not started here, so that there is no start"
	case s.OnlyStarts() && !s.Run.Finished.IsZero():
		return "no start came to its first answer"
	case !s.OnlyStarts() && !slices.ContainsFunc(s.Run.Scenario.Phases, func(p record.Phase) bool { return p.Measured }):
		return "no phase of the scenario is measured"
	case s.Run.Finished.IsZero():
		return "the run has not come to its end"
	}
	return "no request of a measured phase was sent"
}
