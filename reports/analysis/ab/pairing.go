package ab

import (
	"cmp"
	"slices"

	"servebench/reports/analysis/sample"
	"servebench/reports/record"
)

// pairing finds what both variants of an A/B test have.
type pairing struct {
	run    *record.Run
	cells  map[sample.Seat]*sample.Cell
	phases []string // measured ones
	last   int      // the last round that both variants are through with
}

func newPairing(run *record.Run, cells []*sample.Cell) *pairing {
	p := &pairing{run: run, cells: make(map[sample.Seat]*sample.Cell)}
	for _, c := range cells {
		p.cells[sample.Seat{Target: c.Target, Phase: c.Phase, Round: c.Round}] = c
	}
	for _, phase := range run.Scenario.Phases {
		if phase.Measured {
			p.phases = append(p.phases, phase.Name)
		}
	}
	for p.over(record.Baseline, p.last+1) && p.over(record.Candidate, p.last+1) {
		p.last++
	}
	return p
}

// over says that a variant is through with a round: all of it is measured, or it cannot
// be any more.
func (p *pairing) over(variant string, round int) bool {
	missing := slices.ContainsFunc(p.phases, func(phase string) bool {
		c := p.cells[sample.Seat{Target: variant, Phase: phase, Round: round}]
		return c == nil || c.Stopped
	})
	return !missing && len(p.phases) > 0 || p.lost(variant, round) || p.faulty(variant, round)
}

// lost says that a variant's server did not come up in a round, did not answer rightly,
// died, or did not bear the load.
func (p *pairing) lost(variant string, round int) bool {
	d, started := p.start(variant, round)
	return started && (d.Failed != "" || d.FirstAnswerError != "") ||
		slices.ContainsFunc(p.run.Cells, func(c record.Cell) bool {
			return c.Target == variant && c.Round == round && c.Discarded == "" && c.Aborted != ""
		})
}

// neverServed is the variant whose server came up in no round, or gave no right first answer
// in any; nil where there is none. More rounds would not make a pair of it.
func (p *pairing) neverServed() *NeverServed {
	if p.last >= p.run.AB.Interims[0].Pairs {
		return nil // there was an interim analysis
	}
	for _, t := range p.run.Targets {
		if len(t.Deployments) == 0 || slices.ContainsFunc(t.Deployments, served) {
			continue
		}
		first := t.Deployments[0]
		return &NeverServed{t.Name, len(first.Stages) > 0, sample.FirstLine(cmp.Or(first.FirstAnswerError, first.Failed))}
	}
	return nil
}

// served says that a start came to its first answer, or was not the server's to fail.
func served(d record.Deployment) bool {
	return d.Answered() || d.FirstAnswerError == "" && (d.Failed == "" || len(d.Stages) > 0)
}

// faulty says that something else kept a variant from playing a round.
func (p *pairing) faulty(variant string, round int) bool {
	return slices.ContainsFunc(p.run.Faults, func(f record.Fault) bool { return f.Target == variant && f.Round == round })
}

// start is the start of a variant's server in a round, the last one where it was
// tried again.
func (p *pairing) start(variant string, round int) (record.Deployment, bool) {
	var found record.Deployment
	started := false
	for _, d := range p.run.Target(variant).Deployments {
		if d.Round == round && !d.Alone && (!started || d.Attempt >= found.Attempt) {
			found, started = d, true
		}
	}
	return found, started
}

// both are the cells of a phase and round in which both variants played it to its end.
func (p *pairing) both(phase string, round int) (baseline, candidate *sample.Cell, ok bool) {
	baseline = p.cells[sample.Seat{Target: record.Baseline, Phase: phase, Round: round}]
	candidate = p.cells[sample.Seat{Target: record.Candidate, Phase: phase, Round: round}]
	return baseline, candidate, usable(baseline) && usable(candidate)
}

func usable(c *sample.Cell) bool { return c != nil && c.Failed == "" && !c.Ended() }

// broken are the rounds of which not both variants have every measured phase.
func (p *pairing) broken() []int {
	var all []int
	for round := 1; round <= p.last; round++ {
		if slices.ContainsFunc(p.phases, func(phase string) bool { _, _, ok := p.both(phase, round); return !ok }) {
			all = append(all, round)
		}
	}
	return all
}

// candidateFirst says which variant ran first in a round.
func (p *pairing) candidateFirst(round int) bool {
	for _, phase := range p.phases {
		baseline, candidate := p.cells[sample.Seat{Target: record.Baseline, Phase: phase, Round: round}], p.cells[sample.Seat{Target: record.Candidate, Phase: phase, Round: round}]
		if baseline != nil && candidate != nil {
			return candidate.Started.Before(baseline.Started)
		}
	}
	return false
}

// lostMore are the rounds up to an interim analysis in which the candidate's server was lost, where
// that happened to it more often than to the baseline's.
func (p *pairing) lostMore(rounds int) []int {
	lost := func(variant string) (all []int) {
		for round := 1; round <= rounds; round++ {
			if p.lost(variant, round) {
				all = append(all, round)
			}
		}
		return all
	}
	candidate, baseline := lost(record.Candidate), lost(record.Baseline)
	if len(candidate) <= len(baseline) {
		return nil
	}
	return candidate
}
