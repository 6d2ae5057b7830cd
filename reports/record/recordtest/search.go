package recordtest

import (
	"fmt"
	"time"

	"servebench/reports/record"
)

// Search is a search for the capacity of two targets, which certifies 790/s of one and 500/s of
// the other.
func Search() Plan {
	p := Compare()
	p.Name, p.AbortAt = "capacity", 100*time.Millisecond
	p.SLO.P99, p.SLO.Agreement = 20*time.Millisecond, nil
	p.Targets = p.Targets[:2]
	p.Targets[0].Capacity, p.Targets[1].Capacity = 1000, 700
	p.Targets[1].Errors, p.Targets[1].Stall, p.Targets[1].Spread = nil, 0, 0.35
	p.searches("physical", 790, 200, 400, 800, 1600, 1130, 951, 951, 872, 872)
	p.searches("container", 500, 200, 400, 800, 566, 673, 617, 617)
	return p
}

// Sized is a search for the capacity of a container and of a function, of which all is known that
// their cost depends on.
func Sized() Plan {
	p := Search()
	lambda := p.Targets[0]
	lambda.Name, lambda.Capacity = "lambda", 0
	lambda.Meters = []record.Meter{
		{Name: "invocations", Value: 5100}, {Name: record.MeterReady, Value: 2}, {Name: record.MeterInit, Unit: "ms", Value: 310},
		{Name: "billed duration", Unit: "ms", Value: 61_200}, {Name: "billed compute", Unit: "GB-s", Value: 30.6},
	}
	p.Targets = []Target{p.Targets[1], lambda}
	p.Search = nil
	p.searches("container", 500, 200, 400, 800, 566, 673, 617, 617)
	p.searches("lambda", 300, 200, 400)
	for i := range p.Targets {
		t := &p.Targets[i]
		t.Memory, t.Asks, t.Answers = 512<<20, 620, 118
	}
	p.Environment = append(p.Environment, record.Fact{Name: record.FactArchitecture, Value: "amd64"})
	return p
}

// searches adds the steps of a target: its probes, and three rounds that certify a rate.
func (p *Plan) searches(target string, certified float64, probes ...float64) {
	if p.Search == nil {
		p.Search, p.Phases, p.Rounds = &record.Capacity{From: probes[0], Most: 100_000}, nil, 0
	}
	add := func(s record.SearchStep) {
		p.Rounds++
		s.Target, s.Round, s.Settle = target, p.Rounds, time.Second
		p.Search.Steps = append(p.Search.Steps, s)
		if s.Part > 1 {
			return // its phase is that of the first part
		}
		p.Phases = append(p.Phases, record.Phase{Name: p.phaseOf(p.Rounds), Model: "credit", Arrivals: "poisson", Rate: s.Rate, Duration: s.Duration, Measured: s.Kind == record.Certify, Open: true})
	}
	for _, rate := range probes {
		add(record.SearchStep{Kind: record.Probe, Rate: rate, Duration: 5 * time.Second})
	}
	for part := 1; part <= 3; part++ {
		add(record.SearchStep{Kind: record.Certify, Rate: certified, Duration: 17 * time.Second, Attempt: 1, Part: part})
	}
}

// phaseOf is the phase that is played in a round of a search.
func (p *Plan) phaseOf(round int) string {
	s := p.Search.Steps[round-1]
	if s.Kind == record.Certify {
		return fmt.Sprintf("%s-%g", s.Kind, s.Rate)
	}
	return fmt.Sprintf("%s-%g-%d", s.Kind, s.Rate, round)
}

// plays says whether a phase is played on a target in a round, as all are but in a search.
func (p *Plan) plays(target, phase string, round int) bool {
	return p.Search == nil || p.Search.Steps[round-1].Target == target && (phase == "" || p.phaseOf(round) == phase)
}
