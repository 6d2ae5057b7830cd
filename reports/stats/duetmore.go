package stats

import (
	"fmt"

	"servebench/reports/record"
	"servebench/reports/stats/paired"
)

// settle says how many rounds would settle a duet that is not, and the command that
// adds them. Before the last look of the plan it is the next one; after it, as many as
// the metric takes that is farthest from being settled.
func (d *Duet) settle(p *pairing, estimates []paired.Estimate) {
	looks := p.run.Duet.Looks
	switch {
	case d.Decided():
	case d.Look < len(looks):
		d.More = looks[d.Look].Pairs
	case !d.Same:
		d.More = d.needed(p, estimates)
		if _, err := plan(p.run.Duet).Extend(d.More); err != nil { // continued too often
			d.More = 0
		}
	}
	if d.More > 0 {
		d.Command = continueCommand(p.run, d.More)
	}
}

// needed is how many rounds in all the metrics take that are not settled; 0 where no
// number of rounds does.
func (d *Duet) needed(p *pairing, estimates []paired.Estimate) int {
	played, most := p.run.Duet.Looks[d.Look-1].Pairs, 0
	for _, e := range estimates {
		if e.Verdict != paired.Inconclusive {
			continue
		}
		pairs, settles := plan(p.run.Duet).Pairs(e)
		if e.Pairs == 0 || !settles {
			return 0
		}
		// Rounds that are lost now are lost then.
		most = max(most, played+pairs-e.Pairs)
	}
	return min(most, paired.MostPairs)
}

// continueCommand adds rounds to a run, up to so many in all.
func continueCommand(run *record.Run, rounds int) string {
	return FormatCommand(program(run), "duet", "--continue", run.Dir, "--rounds", fmt.Sprint(rounds))
}
