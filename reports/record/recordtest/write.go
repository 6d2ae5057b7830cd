package recordtest

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"servebench/reports/record"
)

// noop is the model that answers without computing.
const noop = "noop"

// ID is the id of every synthetic run.
const ID = "20261122-101530-compare-a1b2"

// Write makes the plan's run below parent and returns its folder, parent/ID.
func Write(parent string, p Plan) (string, error) {
	run := skeleton(p)
	w, err := record.Create(parent, run)
	if err != nil {
		return "", err
	}
	clock := run.Created
	for round := 1; round <= p.Rounds; round++ {
		for _, i := range p.order(round) {
			target := p.Targets[i]
			if target.Unavailable != "" || !p.plays(target.Name, "", round) {
				continue
			}
			rng := rand.New(rand.NewPCG(p.Seed, uint64(round*1000+i)))
			run.Targets[i].Deployments = append(run.Targets[i].Deployments, target.deployment(rng, round, p))
			if target.failsToStart(round) {
				continue
			}
			drift := rng.NormFloat64() * target.Drift
			for k, phase := range p.Phases {
				if !p.plays(target.Name, phase.Name, round) {
					continue
				}
				// Every target gets the same arrivals, as in a real run.
				arrivals := rand.New(rand.NewPCG(p.Seed^uint64(k), uint64(round)))
				l := newLoad(p, target, phase, rng, arrivals, drift)
				if round == p.Rounds && phase.Measured {
					l.dies, l.stops, l.hiccup = target.DiesAt, target.StopsAt, target.Hiccup
				}
				cell, err := l.write(w, round)
				if err != nil {
					return "", err
				}
				cell.Started = clock
				if phase.Measured {
					d := &run.Targets[i].Deployments[len(run.Targets[i].Deployments)-1]
					d.Events = append(d.Events, target.events(clock)...)
					d.Events = append(d.Events, target.injections(p, phase.Name, clock)...)
				}
				clock = clock.Add(cell.Elapsed + time.Second)
				run.Cells = append(run.Cells, cell)
			}
		}
	}
	for start := 1; start <= p.ColdStarts; start++ {
		for i, target := range p.Targets {
			if target.Unavailable != "" || target.Running {
				continue
			}
			round := p.Rounds + start
			rng := rand.New(rand.NewPCG(p.Seed, uint64(round*1000+i)))
			run.Targets[i].Deployments = append(run.Targets[i].Deployments, target.deployment(rng, round, p))
			clock = clock.Add(target.Start)
		}
	}
	run.Finished = clock
	return run.Dir, w.Save(run)
}

// order returns the targets' numbers as they run in a round.
func (p Plan) order(round int) []int {
	order := make([]int, len(p.Targets))
	for i := range order {
		order[i] = i
	}
	if p.AB != nil && round%2 == 0 {
		slices.Reverse(order)
	}
	return order
}

func skeleton(p Plan) *record.Run {
	if p.Name == "" {
		p.Name = "compare"
	}
	run := &record.Run{
		ID:      ID,
		Created: time.Date(2026, 11, 22, 10, 15, 30, 0, time.UTC),
		Version: "v0.0.0-synthetic",
		Command: []string{"servebench", "run", p.Name, "--seed", fmt.Sprint(p.Seed)},
		Scenario: record.Scenario{
			Name:        p.Name,
			Description: "Synthetic figures of single loan decisions.",
			Text:        "name: " + p.Name + "\nprotocol: v2\n",
			Server:      p.Server,
			Seed:        p.Seed,
			Rounds:      p.Rounds,
			Phases:      p.Phases,
			SLO:         p.SLO,
			Requests:    record.Requests{Payloads: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Corpus: 10000, Batch: 1},
			ColdStarts:  p.ColdStarts,
			Overhead:    p.Overhead,
			Scaling:     p.Scaling,
			Faults:      p.Faults,
			Monitor:     p.Monitor,
			Drift:       p.Drift,
		},
		Environment: p.Environment,
		Preflight:   p.Preflight,
		Calibration: p.Calibration,
		Interrupted: p.Interrupted,
		AB:          p.AB,
		Capacity:    p.Search,
	}
	if p.AB != nil {
		run.Scenario.Rounds = p.AB.Interims[len(p.AB.Interims)-1].Pairs
	}
	for _, t := range p.Targets {
		run.Targets = append(run.Targets, record.Target{Name: t.Name, Unavailable: t.Unavailable, Running: t.Running, CPUs: cmp.Or(t.CPUs, 1), Memory: t.Memory, Of: t.Of, Point: t.Point, Retrain: t.Retrain, Facts: t.Facts})
	}
	return run
}

func (t Target) failsToStart(round int) bool { return slices.Contains(t.StartFails, round) }

func (t Target) deployment(rng *rand.Rand, round int, p Plan) record.Deployment {
	d := record.Deployment{Round: round, Alone: round > p.Rounds}
	switch {
	case t.Running:
		return d
	case t.failsToStart(round):
		d.Failed = "it exited with status 3; its output ends:\n\tthe disk is on fire"
		return d
	}
	first := lognormal(rng, t.Start, 0.1)
	d.Stages = []record.Stage{
		{Name: "started", At: first * 6 / 10},
		{Name: "listening", At: first * 8 / 10},
		{Name: "ready", At: first * 9 / 10},
		{Name: record.FirstAnswer, At: first},
	}
	// Of each round the same share, without another draw: what comes after keeps its figures.
	d.Preparation = t.Prepare * time.Duration(100+round%7) / 100
	if t.DiesAt > 0 && round == p.Rounds {
		d.Failed = "the server died: signal: killed"
	}
	return d
}

// lognormal draws from a distribution with this median.
func lognormal(rng *rand.Rand, median time.Duration, spread float64) time.Duration {
	return time.Duration(float64(median) * math.Exp(spread*rng.NormFloat64()))
}
