package stats

import (
	"fmt"
	"slices"
)

// fewSetAside is how many rounds that were set aside are told one by one.
const fewSetAside = 2

// setAside tells of the rounds that were played again because the instrument
// could not be believed in them: of many in one doubt, with the worst of them.
func setAside(a *Analysis) []Doubt {
	why := map[int]string{}
	var rounds []int
	for _, c := range a.Run.Cells {
		if c.SetAside != "" && why[c.Round] == "" {
			why[c.Round] = c.SetAside
			rounds = append(rounds, c.Round)
		}
	}
	slices.Sort(rounds)
	if len(rounds) > fewSetAside {
		worst := why[a.mostDisturbed(rounds)]
		return []Doubt{{
			Rule: "set-aside", Figure: worst, Threshold: "none",
			Text: fmt.Sprintf("rounds %s do not count and others were played for them, since the instrument could not be believed in them; the worst: %s",
				listed(rounds), worst),
			Action: "measure on a quieter machine. Their cells are kept in run.json",
		}}
	}
	var all []Doubt
	for _, round := range rounds {
		all = append(all, Doubt{
			Rule: "set-aside", Round: round, Figure: why[round], Threshold: "none",
			Text:   fmt.Sprintf("round %d does not count and another was played for it, since the instrument could not be believed in it: %s", round, why[round]),
			Action: "nothing, if it is rare; else measure on a quieter machine. Its cells are kept in run.json",
		})
	}
	return all
}

// mostDisturbed is the round in which the instrument did worst; the first when
// that cannot be told from the logs any more.
func (a *Analysis) mostDisturbed(rounds []int) int {
	most := rounds[0]
	var worst *disturbance
	for _, round := range rounds {
		d, err := disturbanceOf(a.Run, round)
		if err != nil || d == nil {
			continue
		}
		if worst = worse(worst, d); worst == d {
			most = round
		}
	}
	return most
}
