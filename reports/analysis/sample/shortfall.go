package sample

import (
	"fmt"
	"slices"

	"servebench/reports/record"
)

// Shortfall says that a run holds less than its plan, whatever ended it: what
// was planned and not measured is missing evidence, and no PASS.
type Shortfall struct {
	Word string // of the constants below
	Gaps []Gap  // what was not measured
	// Played are the rounds of an A/B test that ended undecided before the interim analysis
	// after round Next; 0 of all others.
	Played, Next int
}

// The words of a Shortfall.
const (
	WordInterrupted = "INTERRUPTED" // somebody stopped it
	WordUnfinished  = "UNFINISHED"  // it was killed, or is still going on
	WordIncomplete  = "INCOMPLETE"  // it came to its end without all that was planned
)

// Rule is the check of package validity that tells of it; "" where the checks tell of each
// part that is missing.
func (s *Shortfall) Rule() string {
	return map[string]string{WordInterrupted: RuleInterrupted, WordUnfinished: RuleUnfinished}[s.Word]
}

// The checks that tell of a run that did not come to its end.
const (
	RuleInterrupted = "interrupted"
	RuleUnfinished  = "unfinished"
)

// Unended is the Shortfall of a run that did not come to its end; nil of any other.
func (s *Set) Unended() *Shortfall {
	switch {
	case s.Empty() || s.Refused():
	case s.Run.Interrupted != "":
		return &Shortfall{Word: WordInterrupted, Gaps: s.Gaps()}
	case s.Run.Finished.IsZero():
		return &Shortfall{Word: WordUnfinished, Gaps: s.Gaps()}
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
	if len(gaps) == 0 || s.Empty() || s.Refused() || s.Unended() != nil {
		return nil
	}
	return &Shortfall{Word: WordIncomplete, Gaps: gaps}
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

// Gaps hold the plan against the record: each phase on each target that could run, in
// each round, and each start. What an ended load left out in a trial is
// no gap; an A/B test has interim analyses instead, and a search its own steps. A warm-up is named where
// nothing else is missing on its target: it is played for what comes after it.
func (s *Set) Gaps() []Gap {
	run := s.Run
	if run.AB != nil || run.Capacity != nil {
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

// Seat is the position of a cell that counts.
type Seat struct {
	Target, Phase string
	Round         int
}
