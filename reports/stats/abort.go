package stats

import (
	"fmt"
	"strings"
	"time"

	"servebench/reports/record"
)

// abortsOf are the cells whose load a condition of the scenario's ended.
func abortsOf(cells []*cell) []Abort {
	var all []Abort
	for _, c := range cells {
		if c.Aborted != "" {
			all = append(all, Abort{Round: c.Round, After: c.Window, Text: strings.TrimSpace(c.Aborted)})
		}
	}
	return all
}

// abortRounds names the rounds of aborts: "round 2", "rounds 1, 3".
func abortRounds(aborts []Abort) string {
	var all []int
	for _, abort := range aborts {
		all = append(all, abort.Round)
	}
	if named := distinct(all); len(named) > 1 {
		return "rounds " + listed(named)
	}
	return fmt.Sprintf("round %d", all[0])
}

// aborted tells of loads that the server did not bear, as the scenario understands
// it: what was measured of them is a part. Where the phase has steps, that is what
// was looked for, and the steps tell it.
func aborted(a *Analysis) []Doubt {
	var all []Doubt
	for _, row := range a.Rows {
		if len(row.Aborts) == 0 || len(phaseNamed(a.Run, row.Phase).Steps) > 0 {
			continue
		}
		first := row.Aborts[0]
		d := Doubt{
			Rule: "aborted", Target: row.Target, Phase: row.Phase, Figure: first.Text, Threshold: "none",
			Text: fmt.Sprintf("a condition of abort_on ended the load in %s, first after %s: %s",
				abortRounds(row.Aborts), FormatDuration(first.After.Round(time.Millisecond)), first.Text),
			Action: "lower the rate, or find it with the scenario stress; its figures are those of a part",
		}
		if len(row.Aborts) == 1 {
			d.Round = first.Round
		}
		all = append(all, d)
	}
	return all
}

// overwhelmed says that a load without steps was ended because of the server.
func (a *Analysis) overwhelmed(t record.Target) (Trouble, bool) {
	for _, row := range a.Rows {
		if row.Target != t.Name || len(row.Aborts) == 0 || len(phaseNamed(a.Run, row.Phase).Steps) > 0 {
			continue
		}
		return Trouble{
			Text:  fmt.Sprintf("did not bear the load of phase %s in %s", row.Phase, abortRounds(row.Aborts)),
			Cause: firstLine(row.Aborts[0].Text),
		}, true
	}
	return Trouble{}, false
}

// failAborted fails the limits of a phase whose load was ended: what was not sent
// any more was not served within them.
func failAborted(row Row, gates []Gate) {
	if len(row.Aborts) == 0 {
		return
	}
	for i := range gates {
		if gates[i].Verdict != Fail {
			gates[i].Verdict = Fail
			gates[i].Why = fmt.Sprintf("the load was aborted in %s: %s", abortRounds(row.Aborts), row.Aborts[0].Text)
		}
	}
}
