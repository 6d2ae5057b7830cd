package validity

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

// died tells of servers that ended by themselves. What they failed is theirs and not the
// instrument's.
func died(s *Subject) []finding {
	return starts(s, "failed deployment", func(d record.Deployment) string {
		if !cameUp(d) || d.Removed {
			return ""
		}
		return d.Failed
	})
}

// removed tells of servers that somebody removed during the load, which spoils what was measured.
func removed(s *Subject) []finding {
	return starts(s, "failed deployment", func(d record.Deployment) string {
		if !cameUp(d) || !d.Removed {
			return ""
		}
		return d.Failed
	})
}

// notReady tells of servers that did not come up.
func notReady(s *Subject) []finding {
	return starts(s, "failed deployment", func(d record.Deployment) string {
		if cameUp(d) {
			return ""
		}
		return d.Failed
	})
}

// cameUp says that the first request could be sent.
func cameUp(d record.Deployment) bool {
	return d.FirstAnswerError != "" ||
		slices.ContainsFunc(d.Stages, func(s record.Stage) bool { return s.Name == record.FirstAnswer })
}

// unanswered tells of servers that came up and did not answer the first request
// rightly.
func unanswered(s *Subject) []finding {
	found := starts(s, "no right first answer", func(d record.Deployment) string { return d.FirstAnswerError })
	for i := range found {
		if s.Run.Scenario.Template != "" {
			found[i] = found[i].as("template")
		}
	}
	return found
}

// answeredLate tells of servers whose first answer was right only when they were asked again.
func answeredLate(s *Subject) []finding {
	return starts(s, "late first answer", func(d record.Deployment) string { return d.FirstAnswerRetried })
}

// starts finds the first of each target's starts that a fault is found in, and names the
// others. Those that were Replaced are told with the trials that were discarded.
func starts(s *Subject, figure string, fault func(record.Deployment) string) []finding {
	var all []finding
	for _, t := range s.Run.Targets {
		var rounds []int
		why := ""
		for _, d := range t.Deployments {
			if text := strings.TrimSpace(fault(d)); text != "" && !sample.Replaced(s.Run, t.Name, d) {
				if len(rounds) == 0 {
					why = text
				}
				rounds = append(rounds, d.Round)
			}
		}
		if len(rounds) > 0 {
			all = append(all, of(figure, 0, "{why}", why).at(t.Name, "", rounds[0]).also(rounds))
		}
	}
	return all
}

// faults tells what went wrong while the run was made, as far as no other diagnostic
// says it. What was said several times is one diagnostic.
func faults(s *Subject) []finding {
	return faultsThat(s, "fault", func(f record.Fault) bool { return !f.Left && !toldElsewhere(s.Run, f) })
}

// leftBehind tells what of the run is left, on this machine or a cluster.
func leftBehind(s *Subject) []finding {
	return faultsThat(s, "left behind", func(f record.Fault) bool { return f.Left })
}

func faultsThat(s *Subject, figure string, holds func(record.Fault) bool) []finding {
	told := slices.DeleteFunc(slices.Clone(s.Run.Faults), func(f record.Fault) bool { return !holds(f) })
	var all []finding
	for _, group := range sample.Grouped(told, func(f record.Fault) record.Fault { f.Round, f.Recorded = 0, false; return f }) {
		var rounds []int
		for _, f := range group {
			rounds = append(rounds, f.Round)
		}
		f := of(figure, 0, "{why}", strings.TrimSpace(group[0].Text)).at(group[0].Target, group[0].Phase, rounds[0]).also(rounds)
		if len(rounds) > 1+len(f.Also) {
			f.Times = len(rounds)
		}
		all = append(all, f)
	}
	return all
}

// toldElsewhere says that a deployment or a cell holds the fault, for which there are
// separate diagnostics.
func toldElsewhere(run *record.Run, f record.Fault) bool {
	if !f.Recorded {
		return false
	}
	return slices.ContainsFunc(run.Target(f.Target).Deployments, func(d record.Deployment) bool {
		return d.Round == f.Round && (d.Failed != "" || d.FirstAnswerError != "")
	}) || slices.ContainsFunc(run.Cells, func(c record.Cell) bool {
		return c.Measured && c.Discarded == "" && c.Failed != "" && c.Target == f.Target && c.Phase == f.Phase && c.Round == f.Round
	})
}

// aborted tells of loads that the server did not bear, as the scenario understands
// it: what was measured of them is a part.
func aborted(s *Subject) []finding {
	var all []finding
	for _, e := range s.EndedLoads() {
		first, round := e.Aborts[0], 0
		if len(e.Aborts) == 1 {
			round = first.Round
		}
		f := of(first.Text, 0, "{rounds}", format.Rounds(sample.AbortRounds(e.Aborts)), "{after}", sample.Shortly(first.After)).at(e.Target, e.Phase, round)
		if !s.Run.Phase(e.Phase).Measured {
			f = f.as("warm-up")
		}
		all = append(all, f)
	}
	return all
}

// leftOut tells of the phases that were not played, in one diagnostic for all that the end
// of one phase left out.
func leftOut(s *Subject) []finding {
	type end struct{ target, phase string }
	var all []finding
	for _, group := range sample.Grouped(s.LeftOut(), func(l sample.LeftOut) end { return end{l.Target, l.Ended} }) {
		all = append(all, leftOutAfter(group))
	}
	return all
}

// RuleIdleFault is the rule that tells of faults that hit replicas without load.
const RuleIdleFault = "idle-fault"

// idleFaults tells of faults that cost nothing because the replica that was hit carried no load.
func idleFaults(s *Subject) []finding {
	if s.Failover == nil {
		return nil
	}
	var all []finding
	for _, f := range s.Failover.Faults {
		rounds := f.Idle()
		if len(rounds) == 0 {
			continue
		}
		most := 0.0
		for _, c := range f.Cases {
			if c.Idle() {
				most = max(most, *c.Share)
			}
		}
		answered := "it gave none of the answers of the 5 s before"
		if most > 0 {
			answered = fmt.Sprintf("it gave at most %s of the answers of the 5 s before", format.Percent(most))
		}
		name := fmt.Sprintf("%s at %s", f.Kind, format.Duration(f.At))
		all = append(all, of(answered, 0, "{fault}", name, "{rounds}", format.Rounds(rounds)).at(f.Target, f.Phase, 0))
	}
	return all
}

func leftOutAfter(group []sample.LeftOut) finding {
	var phases []string
	var rounds []int
	for _, l := range group {
		if !slices.Contains(phases, l.Phase) {
			phases = append(phases, l.Phase)
		}
		rounds = append(rounds, l.Round)
	}
	first, named := group[0], strings.Join(phases, ", ")
	what := "phase " + named + " was"
	if len(phases) > 1 {
		what = "phases " + named + " were"
	}
	return of("left out: "+named, 0, "{phases}", what, "{rounds}", format.Rounds(rounds), "{ended}", first.Ended, "{why}", first.Why).at(first.Target, "", 0)
}
