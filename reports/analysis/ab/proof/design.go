package proof

import (
	"math"

	"servebench/reports/analysis/stat/paired"
	"servebench/reports/record"
)

// design is a way to tell whether a candidate is slower.
type design struct {
	name string
	// play compares on a machine a candidate that is slower by the change.
	play func(m *machine, change float64) outcome
}

// gate is the design of servebench ab, with its usual rules and one metric; others are what such
// gates are made of elsewhere, from the simplest to those that lack little.
func gate() (design, error) {
	plan, err := paired.NewPlan(1, 40, margin, tolerance)
	if err != nil {
		return design{}, err
	}
	return design{"A/B test: fresh processes, 10 to 40 pairs", func(m *machine, change float64) outcome {
		return follow(plan, m.rounds(change))
	}}, nil
}

// The defaults of servebench ab.
const margin, tolerance = 0.03, 0.05

// fixedAlpha is what the designs with one interim analysis may err, as often proposed.
const fixedAlpha = 0.005

func others() []design {
	return []design{
		{"one run each, 10 % threshold", threshold},
		{"10 then 10 trials, Mann–Whitney 5 %", blocks},
		{"10 and 10 in turn, Mann–Whitney 5 %", inTurn},
		{"20 pairs 0.5 %, one process per variant", func(m *machine, change float64) outcome {
			baseline, candidate := m.process(0), m.process(change)
			return fixed(20, m.pairs(func() (float64, float64) { return baseline, candidate }))
		}},
		{"20 pairs 0.5 %, fresh processes", func(m *machine, change float64) outcome { return fixed(20, m.rounds(change)) }},
		{"30 pairs 0.5 %, fresh processes", func(m *machine, change float64) outcome { return fixed(30, m.rounds(change)) }},
	}
}

// follow analyses the rounds, of which next plays one more, as the plan says.
func follow(plan paired.Plan, next func() float64) outcome {
	var o outcome
	var differences []float64
	for _, interim := range plan.Interims {
		for len(differences) < interim.Pairs {
			differences = append(differences, next())
		}
		o.pairs = interim.Pairs
		if o.verdict, _ = plan.Judge(interim, [][]float64{differences}); o.verdict != record.Inconclusive {
			return o
		}
	}
	return o
}

// fixed analyses once, after so many pairs.
func fixed(pairs int, next func() float64) outcome {
	interim := record.Interim{Pairs: pairs, Alpha: fixedAlpha, Beta: 0.05}
	return follow(paired.Plan{Margin: margin, Tolerance: tolerance, Interims: []record.Interim{interim}}, next)
}

// threshold fails a candidate that is slower than a run of the baseline, on the same
// machine at another time, by 10 %.
func threshold(m *machine, change float64) outcome {
	baseline := m.trial(m.process(0), false)
	m.rest()
	candidate := m.trial(m.process(change), false)
	return outcome{verdictOf(candidate-baseline > math.Log1p(0.1)), 1}
}

// blocks plays all trials of the baseline, then all of the candidate.
func blocks(m *machine, change float64) outcome {
	return byRanks(m.trials(m.process(0)), m.trials(m.process(change)))
}

// trials plays the ten trials of a variant, one after the other.
func (m *machine) trials(process float64) []float64 {
	latencies := make([]float64, tenTrials)
	for i := range latencies {
		latencies[i] = m.trial(process, false)
	}
	return latencies
}

// inTurn plays a trial of each variant in turn, the baseline always first.
func inTurn(m *machine, change float64) outcome {
	baseline, candidate := m.process(0), m.process(change)
	var a, b []float64
	for range tenTrials {
		a = append(a, m.trial(baseline, false))
		b = append(b, m.trial(candidate, true))
	}
	return byRanks(a, b)
}

// byRanks fails a candidate whose ten trials were slower than those of the baseline by
// the two-sided test at 5 %, which is the usual one.
func byRanks(baseline, candidate []float64) outcome {
	slower := 0
	for _, a := range baseline {
		for _, b := range candidate {
			if b > a {
				slower++
			}
		}
	}
	return outcome{verdictOf(slower >= slowerBound), tenTrials}
}

const (
	tenTrials = 10
	// slowerBound is in how many of the hundred pairs of a trial of each variant the
	// candidate has to be slower. H. B. Mann and D. R. Whitney, "On a test of whether one
	// of two random variables is stochastically larger than the other", Annals of
	// Mathematical Statistics 18 (1947): 23 or fewer of 100 are significant.
	slowerBound = tenTrials*tenTrials - 23
)

// verdictOf is that of a design that only knows slower and not slower.
func verdictOf(slower bool) record.Verdict {
	if slower {
		return record.Fail
	}
	return record.Pass
}

// rounds plays rounds in which each variant has a fresh process.
func (m *machine) rounds(change float64) (next func() float64) {
	return m.pairs(func() (float64, float64) { return m.process(0), m.process(change) })
}

// pairs plays rounds of the processes that it is given, in an order that is drawn for
// every second round and turned round in the one after it, as servebench does. It
// returns the differences.
func (m *machine) pairs(processes func() (baseline, candidate float64)) (next func() float64) {
	candidateFirst, drawn := false, false
	return func() float64 {
		if drawn = !drawn; drawn {
			candidateFirst = m.rng.IntN(2) == 0
		} else {
			candidateFirst = !candidateFirst
		}
		a, b := processes()
		if candidateFirst {
			b = m.trial(b, false)
			return b - m.trial(a, true)
		}
		a = m.trial(a, false)
		return m.trial(b, true) - a
	}
}
