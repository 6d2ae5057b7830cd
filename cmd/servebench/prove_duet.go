package main

import (
	"context"
	"os"
	"slices"
	"strconv"
	"time"

	"servebench/reports/record"
	"servebench/reports/stats"
	"servebench/scenarios"
	"servebench/scenarios/trial"
)

// announce says how long it will take.
func announce(duets int, say func(string, ...any)) error {
	s, plan, err := realDuet(1, 0)
	if err != nil {
		return err
	}
	perTrial := trialOverhead
	for _, phase := range s.Load {
		perTrial += phase.Duration
	}
	all := func(look record.Look) time.Duration {
		return (2 * time.Duration(duets) * 2 * time.Duration(look.Pairs) * perTrial).Round(time.Minute)
	}
	say("duets of the same server and of a slower one, %d each: %v when all are decided at the first look, about %v at most", duets,
		all(plan.Looks[0]), all(plan.Looks[len(plan.Looks)-1]))
	return nil
}

// trialOverhead is about what a trial takes beside its load: to start the server, and
// to end it.
const trialOverhead = 500 * time.Millisecond

// realDuet is the scenario of a server of a duet, and how it is judged.
func realDuet(number int, delay time.Duration) (*scenarios.Scenario, record.Duet, error) {
	set := []scenarios.Setting{{Key: "seed", Value: strconv.Itoa(number)}}
	if delay > 0 {
		set = append(set, scenarios.Setting{Key: "workload.delay", Value: delay.String()})
	}
	text, err := scenarioText(context.Background(), "gate") // which is built in
	if err != nil {
		return nil, record.Duet{}, err
	}
	s, err := parseDuetScenario("gate", text, set)
	if err != nil {
		return nil, record.Duet{}, err
	}
	plan, err := planned(s, false)
	return s, plan, err
}

// duet plays the duet of a number, whose candidate answers later by the delay, and
// leaves nothing of it on disk.
func (e *examination) duet(number int, delay time.Duration) (*stats.Analysis, error) {
	baseline, plan, err := realDuet(number, 0)
	if err != nil {
		return nil, err
	}
	candidate, _, err := realDuet(number, delay)
	if err != nil {
		return nil, err
	}
	r := &trial.Runner{
		Catalogue: e.catalogue, Reference: reference(), Dir: e.dir, Version: version(),
		Stop: e.interrupted.stop, Diagnose: stats.DiagnoseTrial,
	}
	run, err := r.Duet(e.interrupted.ctx, trial.Server{Scenario: baseline, Source: asIs},
		trial.Server{Scenario: candidate, Source: asIs}, plan, decided)
	switch {
	case e.interrupted.asked():
		return nil, errInterrupted
	case err != nil:
		return nil, err
	}
	defer os.RemoveAll(run.Dir)
	return analyse(run)
}

// decided judges a duet at a look.
func decided(run *record.Run) (bool, error) {
	d, err := stats.DuetSoFar(run)
	return err == nil && d.Decided(), err
}

// medianOf is that of the baseline's medians by round; 0 when none is known.
func medianOf(d *stats.Duet) time.Duration {
	var medians []float64
	for _, m := range d.Metrics {
		if m.Name != record.MetricP50 {
			continue
		}
		for _, pair := range m.Pairs {
			medians = append(medians, pair.Baseline)
		}
	}
	if len(medians) == 0 {
		return 0
	}
	slices.Sort(medians)
	return time.Duration(medians[len(medians)/2])
}
