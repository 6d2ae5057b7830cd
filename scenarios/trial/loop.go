package trial

import (
	"fmt"
	"time"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/arrivals"
	"servebench/scenarios/attack"
)

// loop says when the requests of a phase are due: by an arrival process in an open
// loop, by the workers in a closed one.
func (s *session) loop(cfg *attack.Config, v trial, i int) {
	phase, drawn := s.scenario.Load[i], drawnAs(s.scenario, i)
	if phase.Concurrency > 0 {
		cfg.Concurrency = phase.Concurrency
		cfg.Think = s.think(phase.Think, v, drawn)
		return
	}
	cfg.Scheduled, cfg.Steps = s.processes[i].Shape().Arrivals, s.record.Scenario.Phases[i].Steps
	cfg.Arrivals = s.processes[i].Arrivals(source(s.scenario.Seed, seedSchedule, v.round, drawn))
}

// planned is a phase as the record has it. process is that of the arrivals, nil in a
// closed loop.
func planned(p scenarios.Phase, process arrivals.Process) record.Phase {
	phase := record.Phase{
		Name: p.Name, Model: p.Model, Arrivals: p.Arrivals, Duration: p.Duration, Measured: p.Measure,
		Open: p.Concurrency == 0, Concurrency: p.Concurrency, Think: thinking(p.Think), Mix: shares(p.Mix),
	}
	if process == nil {
		return phase
	}
	shape := process.Shape()
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

// think returns the think times of a phase's workers, nil where they do not think.
func (s *session) think(t *scenarios.Think, v trial, drawn int) func() time.Duration {
	if t == nil {
		return nil
	}
	if t.Distribution == scenarios.ConstantThink {
		return func() time.Duration { return t.Mean }
	}
	rng := source(s.scenario.Seed, seedThink, v.round, drawn)
	return func() time.Duration { return time.Duration(rng.ExpFloat64() * float64(t.Mean)) }
}

// thinking says how long workers think: "10 ms, exponential", "" for not at all.
func thinking(t *scenarios.Think) string {
	if t == nil {
		return ""
	}
	if t.Mean < time.Second {
		return fmt.Sprintf("%g ms, %s", float64(t.Mean)/float64(time.Millisecond), t.Distribution)
	}
	return fmt.Sprintf("%g s, %s", t.Mean.Seconds(), t.Distribution)
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
