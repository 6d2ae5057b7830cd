package stats

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/format"
	"servebench/reports/record"
)

// fewDiscarded is how many discarded trials are told one by one.
const fewDiscarded = 2

// discardedTrial is a trial that does not count.
type discardedTrial struct {
	record.Trial
	why string
}

// rerunTrials tells of the trials that were rerun because the instrument
// could not be believed in them: of many in one diagnostic, with the worst of them.
func rerunTrials(a *Analysis) []Diagnostic {
	trials, played := discardedTrials(a.Run)
	if len(trials) > fewDiscarded {
		most := a.mostDisturbed(trials)
		return []Diagnostic{{
			Rule: "discarded", Figure: most.why, Threshold: "none",
			Text: fmt.Sprintf("%d of %d trials do not count and were rerun, since the instrument could not be believed in them (%s); the worst: %s, round %d: %s",
				len(trials), played, discardedRounds(a.Run, trials), most.Target, most.Round, most.why),
			Action: "measure on a quieter machine. Their cells are kept in run.json",
		}}
	}
	var all []Diagnostic
	for _, v := range trials {
		all = append(all, Diagnostic{
			Rule: "discarded", Severity: SeverityNote, Target: v.Target, Round: v.Round, Figure: v.why, Threshold: "none",
			Text:   "this trial does not count and was rerun, since the instrument could not be believed in it: " + v.why,
			Action: "nothing, if it is rare; else measure on a quieter machine. Its cells are kept in run.json",
		})
	}
	return all
}

// discardedTrials are those that were discarded for what the instrument did, in the order
// they were played, and how many were played in all.
func discardedTrials(run *record.Run) (trials []discardedTrial, played int) {
	seen := map[record.Trial]bool{}
	for _, c := range run.Cells {
		if seen[c.Trial()] {
			continue
		}
		seen[c.Trial()] = true
		if c.Discarded != "" && c.Discarded != record.RoundInterrupted && c.Discarded != record.RoundUnjudged {
			trials = append(trials, discardedTrial{c.Trial(), c.Discarded})
		}
	}
	return trials, len(seen)
}

// HasDiscardedStarts says that starts of discarded trials are among the cold
// starts: what is wrong with the load of a trial is not wrong with its start.
func (a *Analysis) HasDiscardedStarts() bool {
	trials, _ := discardedTrials(a.Run)
	return len(trials) > 0
}

// discardedRounds is "physical: round 2; container: rounds 1, 3", the targets in the
// run's order.
func discardedRounds(run *record.Run, trials []discardedTrial) string {
	var parts []string
	for _, t := range run.Targets {
		var rounds []int
		for _, v := range trials {
			if v.Target == t.Name {
				rounds = append(rounds, v.Round)
			}
		}
		switch named := distinct(rounds); len(named) {
		case 0:
		case 1:
			parts = append(parts, fmt.Sprintf("%s: round %d", t.Name, named[0]))
		default:
			parts = append(parts, fmt.Sprintf("%s: rounds %s", t.Name, format.List(named)))
		}
	}
	return strings.Join(parts, "; ")
}

// mostDisturbed is the trial in which the instrument did worst; the first when
// that cannot be told from the logs any more.
func (a *Analysis) mostDisturbed(trials []discardedTrial) discardedTrial {
	most := trials[0]
	var worst *disturbance
	for _, v := range trials {
		d, err := disturbanceOf(a.Run, v.Trial)
		if err != nil || d == nil {
			continue
		}
		if worst = worse(worst, d); worst == d {
			most = v
		}
	}
	return most
}

// distinct are the rounds in ascending order, each once: of a trial that was
// rerun there may be several diagnostics.
func distinct(rounds []int) []int {
	return slices.Compact(slices.Sorted(slices.Values(rounds)))
}
