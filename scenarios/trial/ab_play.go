package trial

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"servebench/reports/record"
)

const (
	// vainTries is how often the first trial is played: when the instrument was to be
	// believed in none of them, the reason is more than a passing one.
	vainTries = 3
	// vainRounds is after how many rounds a server is given up that load was played on
	// in none of them.
	vainRounds = 2
)

// playABTest plays the rounds up to one interim analysis after the other, until one decides.
func (s *session) playABTest(ctx context.Context, decide Decide) {
	done := s.resume()
	next, stop := iter.Pull(rounds(s.variantNames(), s.scenario.Seed))
	defer stop()
	for range done {
		next()
	}
	s.expect(s.variantNames())
	s.clock.trials -= done * len(s.variants)
	p := &patience{left: s.scenario.Reruns, believed: done > 0}
	for i, interim := range s.record.AB.Interims {
		s.interim = i + 1
		s.record.Scenario.Rounds = max(interim.Pairs, done)
		if interim.Pairs < done { // at the last one it may have been killed before it was judged
			continue
		}
		for ; done < interim.Pairs; done++ {
			if r, _ := next(); !s.playPair(ctx, r, p) {
				s.record.Scenario.Rounds = max(s.lastRound(), 1)
				return
			}
		}
		if over, err := decide(s.record); over || err != nil {
			if err != nil {
				s.fault(trial{}, "", fmt.Errorf("judge the A/B test after round %d: %w", done, err))
				s.unjudged(i)
				s.save()
			}
			return
		}
	}
}

// unjudged discards the rounds that lead to the i-th interim analysis and that nobody can judge,
// so that no reader of the record does.
func (s *session) unjudged(i int) {
	before := 0
	if i > 0 {
		before = s.record.AB.Interims[i-1].Pairs
	}
	for c := range s.record.Cells {
		if cell := &s.record.Cells[c]; cell.Round > before && cell.Discarded == "" {
			cell.Discarded = record.RoundUnjudged
		}
	}
}

// playPair plays one round; false when it is the last.
func (s *session) playPair(ctx context.Context, r round, p *patience) bool {
	attempt := s.attempts(r.number)
	for _, name := range r.targets {
		v := trial{round: r.number, attempt: attempt, target: name}
		if s.halted(ctx, v) || !s.runUndisturbed(ctx, v, p) {
			return false
		}
	}
	return !s.inVain(r.number)
}

// patience is what an A/B test puts up with from its instrument.
type patience struct {
	left     int  // trials that may be rerun yet
	believed bool // it was, in some trial
}

// runUndisturbed makes a trial, and another one where the instrument was disturbed; false when it is
// the last, because the run is stopped or the instrument will not be believed.
func (s *session) runUndisturbed(ctx context.Context, v trial, p *patience) bool {
	for tries := 1; ; tries++ {
		if s.attend(ctx, v); s.over() {
			return false
		}
		why := s.diagnose(v)
		switch {
		case why == "":
			p.believed = p.believed || s.measured(v)
			return true
		case p.left == 0 || !p.believed && tries == vainTries:
			s.note("%s: the instrument cannot be believed, and the A/B test ends, with %d of %d reruns left: %s; at a quieter hour --continue reruns this round", v, p.left, s.scenario.Reruns, why)
			return false
		}
		again := v
		again.attempt++
		if s.halted(ctx, again) {
			return false
		}
		p.left--
		s.clock.trials++
		s.discard(disturbance{trial: v, why: why})
		v = again
	}
}

// inVain reports whether a server is given up after a round.
func (s *session) inVain(number int) bool {
	if number < vainRounds {
		return false
	}
	for _, a := range s.variants {
		if !slices.ContainsFunc(s.record.Cells, func(c record.Cell) bool { return c.Target == a.name && c.Measured }) {
			s.note("%s is given up: in %d rounds no load could be played on it", a.name, number)
			return true
		}
	}
	return false
}

// lastRound is the number of the last round that anything was played in, 0 for none.
func (s *session) lastRound() int {
	last := 0
	for _, c := range s.record.Cells {
		last = max(last, c.Round)
	}
	for _, t := range s.record.Targets {
		for _, d := range t.Deployments {
			last = max(last, d.Round)
		}
	}
	return last
}

// attempts is how often a round was played before.
func (s *session) attempts(number int) int {
	n := 0
	for _, c := range s.record.Cells {
		if c.Round == number {
			n = max(n, c.Attempt+1)
		}
	}
	for _, t := range s.record.Targets {
		for _, d := range t.Deployments {
			if d.Round == number {
				n = max(n, d.Attempt+1)
			}
		}
	}
	return n
}
