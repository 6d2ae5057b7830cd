package ab

import (
	"fmt"
	"math"

	"servebench/reports/analysis/stat"
	"servebench/reports/analysis/stat/paired"
	"servebench/reports/format"
	"servebench/reports/record"
)

// settle says how many rounds would settle an A/B test that is not, and the command that
// adds them. Before the last interim analysis of the plan it is the next one; after it, as many as
// the metric takes that is farthest from being settled.
func (d *Result) settle(p *pairing, estimates []paired.Estimate) {
	interims := p.run.AB.Interims
	switch {
	case d.Decided():
	case d.Interim < len(interims):
		d.More = interims[d.Interim].Pairs
		d.Command = format.Command(record.Program(p.run), "ab", "--continue", p.run.Dir)
		return
	case !d.Test.Same:
		d.More = d.needed(p, estimates)
		if _, err := plan(p.run.AB).Extend(d.More); err != nil { // continued too often
			d.More = 0
		}
		if anew := paired.Anew(d.More); anew < d.More-d.Pairs {
			d.Anew = anew
		}
	}
	if d.More > 0 {
		d.Command = format.Command(record.Program(p.run), "ab", "--continue", p.run.Dir, "--rounds", fmt.Sprint(d.More))
	}
}

// needed is how many rounds in all would settle it: to fail takes one metric, to pass
// all that are not settled; 0 where no number of rounds does.
func (d *Result) needed(p *pairing, estimates []paired.Estimate) int {
	plan, played := plan(p.run.AB), p.run.AB.Interims[d.Interim-1].Pairs
	toFail, toPass, passes := math.MaxInt, 0, true
	for _, e := range estimates {
		if e.Verdict != record.Inconclusive {
			continue
		}
		pairs, settles := plan.Pairs(e)
		settles = settles && e.Pairs > 0
		rounds := played + pairs - e.Pairs // those that are lost now are lost then
		switch {
		case settles && plan.Worse(e):
			toFail = min(toFail, rounds)
		case settles:
			toPass = max(toPass, rounds)
		default:
			passes = false
		}
	}
	switch {
	case toFail < math.MaxInt:
		return min(toFail, paired.MostPairs)
	case passes:
		return min(toPass, paired.MostPairs)
	}
	return 0
}

// Noise is what an A/B test of a server with itself says of the machine: by metric, the
// least margin that can be told from noise by as many rounds as were played, as a
// share. It sinks with the root of their number. A metric whose rounds are too few for
// it, or all the same, is left out.
//
// It is half the distance between the exact bounds that the last interim analysis of the plan
// allows (package paired, its Alpha over the number of metrics, on both sides): a
// candidate whose estimate is worse by that is just about surely worse. The spread
// behind it is an estimate, too: the floor is its upper bound at 90 %, by the
// distribution of a normal sample's variance (N. L. Johnson, S. Kotz and N.
// Balakrishnan, Continuous Univariate Distributions, vol. 1, 2nd ed. (1994), section
// 13.8).
func (d *Result) Noise(run *record.Run) record.Noise {
	noise := record.Noise{Rounds: d.Pairs, Floors: map[string]float64{}}
	interims := run.AB.Interims
	last := interims[len(interims)-1]
	alpha := last.Alpha / float64(len(d.Metrics))
	for _, m := range d.Metrics {
		if len(m.Pairs) < 2 {
			continue
		}
		low, high := paired.Bounds(m.differences(math.MaxInt), alpha, alpha)
		half := (high - low) / 2 * stat.SpreadBound(len(m.Pairs))
		if half > 0 && half < beyond/3 {
			noise.Floors[m.Name] = max(noise.Floors[m.Name], math.Expm1(half))
		}
	}
	return noise
}
