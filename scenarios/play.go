package scenarios

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// disturbance is a round in which the instrument could not be believed.
type disturbance struct {
	round    int // its number
	schedule int
	why      string
}

// play plays the rounds of load, and then deploys the targets for their cold
// starts alone, all as far as nobody stops it.
func (s *session) play(ctx context.Context) {
	names := s.available()
	next, stop := iter.Pull(rounds(names, s.scenario.Seed))
	defer stop()
	s.expect(names)
	if len(s.scenario.Load) > 0 {
		s.playLoad(ctx, next)
	}
	for alone := 1; alone <= s.scenario.Deploys && !s.over(); alone++ {
		r, _ := next()
		r.alone = alone
		s.round(ctx, r)
	}
}

// expect sets the clock to the plan.
func (s *session) expect(names []string) {
	if len(s.scenario.Load) > 0 {
		s.planned = s.scenario.Rounds
	}
	s.clock.visits = s.planned * len(names)
	for _, phase := range s.scenario.Load {
		s.clock.load += phase.Duration
	}
	for _, name := range names {
		if !s.targetEntry(name).Running {
			s.clock.alone += s.scenario.Deploys
		}
	}
}

// playLoad plays the rounds of the plan, and then those again in which the
// instrument was disturbed, as far as the scenario spares rounds for it. When no
// round was undisturbed, none is played again: the reason is then more than a
// passing one, and the run is what it is.
func (s *session) playLoad(ctx context.Context, next func() (round, bool)) {
	var disturbed []disturbance
	believed, spare := 0, s.scenario.SpareRounds
	for played := 0; played < s.scenario.Rounds || len(disturbed) > 0 && believed > 0; played++ {
		r, _ := next()
		if played >= s.scenario.Rounds {
			s.setAside(disturbed[0], r.number)
			r.schedule, disturbed = disturbed[0].schedule, disturbed[1:]
			s.clock.visits += len(r.targets)
			s.planned++
		}
		if s.round(ctx, r); s.over() {
			return
		}
		switch why := s.doubt(r.number); {
		case why == "":
			believed++
		case spare > 0:
			spare--
			disturbed = append(disturbed, disturbance{round: r.number, schedule: r.schedule, why: why})
		}
	}
}

// available returns the targets that can run here.
func (s *session) available() []string {
	var names []string
	for _, t := range s.record.Targets {
		if t.Unavailable == "" {
			names = append(names, t.Name)
		}
	}
	return names
}

// round visits every target once; for a start alone, only those that have one.
func (s *session) round(ctx context.Context, r round) {
	for _, target := range r.targets {
		if r.alone > 0 && s.targetEntry(target).Running {
			continue
		}
		v := visit{round: r.number, schedule: r.schedule, alone: r.alone, target: target}
		if s.stopped(ctx) {
			s.interrupted("before %s", s.where(v))
			return
		}
		began := time.Now()
		s.visit(ctx, v)
		s.clock.endVisit(time.Since(began))
		s.save()
		if s.over() {
			return
		}
	}
}

// over reports whether the rest of the plan is left out.
func (s *session) over() bool { return s.record.Interrupted != "" || s.broken }

// doubt asks whether the instrument can be believed in a round.
func (s *session) doubt(round int) string {
	if s.Doubt == nil {
		return ""
	}
	why, err := s.Doubt(s.record, round)
	if err != nil {
		s.fault(visit{round: round}, "", fmt.Errorf("examine the instrument: %w", err))
	}
	return why
}

// setAside marks the cells of a round that another is played for.
func (s *session) setAside(d disturbance, instead int) {
	s.note("round %d is set aside and round %d played for it: %s", d.round, instead, d.why)
	for i := range s.record.Cells {
		if s.record.Cells[i].Round == d.round {
			s.record.Cells[i].SetAside = d.why
		}
	}
}
