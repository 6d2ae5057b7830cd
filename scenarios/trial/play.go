package trial

import (
	"context"
	"iter"
	"time"
)

// play plays the rounds of load, and then deploys the targets for their cold
// starts alone, all as far as nobody stops it.
func (s *session) play(ctx context.Context) {
	names := s.variantNames()
	next, stop := iter.Pull(rounds(names, s.scenario.Seed))
	defer stop()
	s.expect(names)
	if len(s.scenario.Load) > 0 {
		s.playLoad(ctx, next)
	}
	for alone := 1; alone <= s.scenario.ColdStarts && !s.over(); alone++ {
		r, _ := next()
		s.playStarts(ctx, r, alone)
	}
}

// expect sets the clock to the plan.
func (s *session) expect(names []string) {
	if len(s.scenario.Load) > 0 {
		s.clock.trials = s.rounds * len(names)
	}
	for i := range s.scenario.Load {
		s.clock.load += s.length(i)
	}
	for _, name := range names {
		if !s.targetEntry(name).Running {
			s.clock.alone += s.scenario.ColdStarts
		}
	}
}

// playLoad plays the rounds of the plan, and then reruns those trials in which the
// instrument was disturbed.
func (s *session) playLoad(ctx context.Context, next func() (round, bool)) {
	again := &reruns{left: s.scenario.Reruns}
	for range s.rounds {
		r, _ := next()
		for _, target := range r.targets {
			v := trial{round: r.number, target: target}
			if s.halted(ctx, v) {
				return
			}
			if s.attend(ctx, v); s.over() {
				return
			}
			s.judge(v, again)
		}
	}
	s.rerun(ctx, again)
}

// playStarts deploys every target for its start alone, but for those that have
// none.
func (s *session) playStarts(ctx context.Context, r round, alone int) {
	for _, target := range r.targets {
		if s.targetEntry(target).Running {
			continue
		}
		v := trial{round: r.number, alone: alone, target: target}
		if s.halted(ctx, v) {
			return
		}
		if s.attend(ctx, v); s.over() {
			return
		}
	}
}

// halted reports whether somebody wants the run to end before a trial, and
// records it.
func (s *session) halted(ctx context.Context, v trial) bool {
	if !s.stopped(ctx) {
		return false
	}
	s.interrupted("before %s", s.where(v))
	return true
}

// attend makes a trial, by the clock and into the record.
func (s *session) attend(ctx context.Context, v trial) {
	began := time.Now()
	s.runTrial(ctx, v)
	s.clock.endTrial(time.Since(began))
	s.save()
}

// over reports whether the rest of the plan is left out.
func (s *session) over() bool { return s.record.Interrupted != "" || s.broken }
