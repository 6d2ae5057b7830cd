package trial

import (
	"fmt"
	"time"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/attack"
	"servebench/scenarios/schedule"
)

// loop says when the requests of a phase are due: by a law of arrivals in an open
// loop, by the callers in a closed one.
func (s *session) loop(cfg *attack.Config, v trial, i int) {
	phase, drawn := s.scenario.Load[i], drawnAs(s.scenario, i)
	if phase.Callers > 0 {
		cfg.Callers = phase.Callers
		cfg.Think = s.think(phase.Think, v, drawn)
		return
	}
	cfg.Scheduled, cfg.Steps = s.laws[i].Shape().Arrivals, s.record.Scenario.Phases[i].Steps
	cfg.Arrivals = s.laws[i].Arrivals(source(s.scenario.Seed, seedSchedule, v.round, drawn))
}

// planned is a phase as the record has it. law is that of its arrivals, nil in a
// closed loop.
func planned(p scenarios.Phase, law schedule.Law) record.Phase {
	phase := record.Phase{
		Name: p.Name, Model: p.Model, Law: p.Law, Duration: p.Duration, Measured: p.Measure,
		Open: p.Callers == 0, Callers: p.Callers, Think: thinking(p.Think), Mix: shares(p.Mix),
	}
	if law == nil {
		return phase
	}
	shape := law.Shape()
	phase.Rate, phase.Duration = shape.Rate, shape.Duration
	for _, step := range shape.Steps {
		phase.Steps = append(phase.Steps, record.Step(step))
	}
	return phase
}

// shares are the classes of a mix as the record has them.
func shares(mix []scenarios.Class) []record.Class {
	weights := 0
	for _, c := range mix {
		weights += c.Weight
	}
	var classes []record.Class
	for _, c := range mix {
		classes = append(classes, record.Class{Name: c.Name, Model: c.Model, Batch: c.Batch, Share: float64(c.Weight) / float64(weights)})
	}
	return classes
}

// think returns the think times of a phase's callers, nil where they do not think.
func (s *session) think(t *scenarios.Think, v trial, drawn int) func() time.Duration {
	if t == nil {
		return nil
	}
	if t.Law == scenarios.ConstantThink {
		return func() time.Duration { return t.Mean }
	}
	rng := source(s.scenario.Seed, seedThink, v.round, drawn)
	return func() time.Duration { return time.Duration(rng.ExpFloat64() * float64(t.Mean)) }
}

// thinking says how long callers think: "10 ms, exponential", "" for not at all.
func thinking(t *scenarios.Think) string {
	if t == nil {
		return ""
	}
	if t.Mean < time.Second {
		return fmt.Sprintf("%g ms, %s", float64(t.Mean)/float64(time.Millisecond), t.Law)
	}
	return fmt.Sprintf("%g s, %s", t.Mean.Seconds(), t.Law)
}

// abort is when a phase ends early, as the engine takes it.
func abort(a *scenarios.Abort) attack.Abort {
	if a == nil {
		return attack.Abort{}
	}
	conditions := attack.Abort{Response: a.P99, InFlight: a.InFlight, For: a.For}
	if a.Errors != nil {
		conditions.Errors = *a.Errors
	}
	return conditions
}
