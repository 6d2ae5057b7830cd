package paired

import (
	"fmt"
	"math"
	"servebench/reports/record"
)

// Plan says when a comparison is analysed, and what it takes to end it.
type Plan struct {
	// Margin is the least that a candidate has to be worse by, to fail: 0.03 for 3 %.
	Margin float64
	// Tolerance is what a candidate that passes is surely not worse by: 0.05 for 5 %.
	Tolerance float64
	// Interims are by ascending pairs. What they may err adds up: over all of them the
	// probability of a FAIL of a candidate that is no worse is at most the sum of their
	// Alpha, that of a PASS of one that is worse by the tolerance at most the sum of their
	// Beta, however they depend on each other (Bonferroni's inequality).
	Interims []record.Interim
}

const (
	// mostMetrics is how many metrics a plan takes: each makes the others' tests
	// stricter.
	mostMetrics = 5
	// leastPairs is the least that a plan can end with.
	leastPairs = 10
	// MostPairs bounds a comparison.
	MostPairs = 200
	// mostExtensions is how often a comparison may be continued beyond its plan, each
	// with one more interim analysis.
	mostExtensions = 4
	// What an interim analysis beyond the plan may err.
	extensionAlpha = 0.0005
	// ExtensionBeta is that of a false PASS.
	ExtensionBeta = 0.005
)

// plannedInterims are those at 40 pairs at most. The first is as early as it can be, for
// most of what is worth an alarm is plain at once. Half of what PASS may err is kept
// for the last interim analysis: on a noisy machine it takes that many pairs, and that much, for
// candidates that are no worse to be told so (all but 5 % of them; with interim analyses at 10,
// 16, 22 and 30 pairs alone it was all but 16 %). On a quiet one the first interim analysis
// settles nearly all, with as little as it has. Package proof has the figures.
func plannedInterims() []record.Interim {
	return []record.Interim{
		{Pairs: 10, Alpha: 0.001, Beta: 0.005},
		{Pairs: 16, Alpha: 0.001, Beta: 0.005},
		{Pairs: 22, Alpha: 0.001, Beta: 0.005},
		{Pairs: 30, Alpha: 0.001, Beta: 0.01},
		{Pairs: 40, Alpha: 0.002, Beta: 0.025},
	}
}

// NewPlan plans the interim analyses of a comparison of so many metrics, with at most so many
// pairs: the first after leastPairs whatever the most, but later where that many
// could not reject anything, the others at even distances up to the most.
func NewPlan(metrics, most int, margin, tolerance float64) (Plan, error) {
	p := Plan{Margin: margin, Tolerance: tolerance}
	switch {
	case metrics < 1 || metrics > mostMetrics:
		return p, fmt.Errorf("%d metrics: want 1 to %d", metrics, mostMetrics)
	case most < leastPairs || most > MostPairs:
		return p, fmt.Errorf("%d pairs: want %d to %d", most, leastPairs, MostPairs)
	case !(margin >= 0 && margin < 1):
		return p, fmt.Errorf("margin %v: want 0 or more, and less than 1", margin)
	case !(tolerance > 0 && tolerance < 10):
		return p, fmt.Errorf("tolerance %v: want more than 0, and less than 10", tolerance)
	}
	planned := plannedInterims()
	whole := planned[len(planned)-1].Pairs
	for _, interim := range planned {
		stretched := leastPairs + (interim.Pairs-leastPairs)*(most-leastPairs)/(whole-leastPairs)
		interim.Pairs = min(max(stretched, fewest(interim.Alpha/float64(metrics))), most)
		p.add(interim)
	}
	return p, nil
}

// add appends an interim analysis. One that is not after the last one becomes a part of it, with
// what it may err.
func (p *Plan) add(interim record.Interim) {
	if n := len(p.Interims); n > 0 && interim.Pairs <= p.Interims[n-1].Pairs {
		last := &p.Interims[n-1]
		last.Alpha += interim.Alpha
		last.Beta += interim.Beta
		return
	}
	p.Interims = append(p.Interims, interim)
}

// fewest is how many pairs it takes to reject at alpha: the least probability that n
// signs can have is 2⁻ⁿ.
func fewest(alpha float64) int { return int(math.Ceil(-math.Log2(alpha))) }

// Extend adds an interim analysis beyond the plan, at so many pairs in all. It may err little, and
// be added only a few times: whoever analyses until he likes what he sees is always
// right in the end.
func (p Plan) Extend(pairs int) (Plan, error) {
	last := p.Interims[len(p.Interims)-1]
	extensions := 0
	for _, interim := range p.Interims {
		if interim.Alpha == extensionAlpha {
			extensions++
		}
	}
	switch {
	case pairs <= last.Pairs:
		return p, fmt.Errorf("%d pairs: want more than the %d that were planned", pairs, last.Pairs)
	case pairs > MostPairs:
		return p, fmt.Errorf("%d pairs: want at most %d", pairs, MostPairs)
	case extensions == mostExtensions:
		return p, fmt.Errorf("continued %d times already: with every interim analysis the chance of a false alarm grows", extensions)
	}
	p.Interims = append(append([]record.Interim{}, p.Interims...), record.Interim{Pairs: pairs, Alpha: extensionAlpha, Beta: ExtensionBeta})
	return p, nil
}
