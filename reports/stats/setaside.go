package stats

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports/record"
)

// fewSetAside is how many visits that were set aside are told one by one.
const fewSetAside = 2

// aside is a visit that was set aside.
type aside struct {
	record.Visit
	why string
}

// setAside tells of the visits that were played again because the instrument
// could not be believed in them: of many in one doubt, with the worst of them.
func setAside(a *Analysis) []Doubt {
	visits, played := asides(a.Run)
	if len(visits) > fewSetAside {
		most := a.mostDisturbed(visits)
		return []Doubt{{
			Rule: "set-aside", Figure: most.why, Threshold: "none",
			Text: fmt.Sprintf("%d of %d visits do not count and were played again, since the instrument could not be believed in them (%s); the worst: %s, round %d: %s",
				len(visits), played, asideRounds(a.Run, visits), most.Target, most.Round, most.why),
			Action: "measure on a quieter machine. Their cells are kept in run.json",
		}}
	}
	var all []Doubt
	for _, v := range visits {
		all = append(all, Doubt{
			Rule: "set-aside", Target: v.Target, Round: v.Round, Figure: v.why, Threshold: "none",
			Text:   "this visit does not count and was played again, since the instrument could not be believed in it: " + v.why,
			Action: "nothing, if it is rare; else measure on a quieter machine. Its cells are kept in run.json",
		})
	}
	return all
}

// asides are the visits that were set aside for what the instrument did, in the order
// they were played, and how many were played in all.
func asides(run *record.Run) (visits []aside, played int) {
	seen := map[record.Visit]bool{}
	for _, c := range run.Cells {
		if seen[c.Visit()] {
			continue
		}
		seen[c.Visit()] = true
		if c.SetAside != "" && c.SetAside != record.RoundInterrupted && c.SetAside != record.RoundUnjudged {
			visits = append(visits, aside{c.Visit(), c.SetAside})
		}
	}
	return visits, len(seen)
}

// StartsSetAside says that starts of visits that were set aside are among the cold
// starts: what is wrong with the load of a visit is not wrong with its start.
func (a *Analysis) StartsSetAside() bool {
	visits, _ := asides(a.Run)
	return len(visits) > 0
}

// asideRounds is "physical: round 2; container: rounds 1, 3", the targets in the
// run's order.
func asideRounds(run *record.Run, visits []aside) string {
	var parts []string
	for _, t := range run.Targets {
		var rounds []int
		for _, v := range visits {
			if v.Target == t.Name {
				rounds = append(rounds, v.Round)
			}
		}
		switch named := distinct(rounds); len(named) {
		case 0:
		case 1:
			parts = append(parts, fmt.Sprintf("%s: round %d", t.Name, named[0]))
		default:
			parts = append(parts, fmt.Sprintf("%s: rounds %s", t.Name, listed(named)))
		}
	}
	return strings.Join(parts, "; ")
}

// mostDisturbed is the visit in which the instrument did worst; the first when
// that cannot be told from the logs any more.
func (a *Analysis) mostDisturbed(visits []aside) aside {
	most := visits[0]
	var worst *disturbance
	for _, v := range visits {
		d, err := disturbanceOf(a.Run, v.Visit)
		if err != nil || d == nil {
			continue
		}
		if worst = worse(worst, d); worst == d {
			most = v
		}
	}
	return most
}

// distinct are the rounds in ascending order, each once: of a visit that was
// played again there may be several findings.
func distinct(rounds []int) []int {
	return slices.Compact(slices.Sorted(slices.Values(rounds)))
}
