package main

import (
	"context"
	"os"
	"slices"
	"strconv"
	"time"

	"servebench/cmd/cli"
	"servebench/reports/analysis"
	judged "servebench/reports/analysis/ab"
	"servebench/reports/analysis/validity"
	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/ab"
	"servebench/scenarios/decode"
	"servebench/scenarios/trial"
)

// announce says how long it will take.
func announce(abTests int, say func(string, ...any)) error {
	s, plan, err := realABTest(1, 0)
	if err != nil {
		return err
	}
	perTrial := trialOverhead
	for _, phase := range s.Load {
		perTrial += phase.Duration
	}
	all := func(interim record.Interim) time.Duration {
		return (2 * time.Duration(abTests) * 2 * time.Duration(interim.Pairs) * perTrial).Round(time.Minute)
	}
	say("A/B tests of the same server and of a slower one, %d each: %v when all are decided at the first interim analysis, about %v at most", abTests,
		all(plan.Interims[0]), all(plan.Interims[len(plan.Interims)-1]))
	return nil
}

// trialOverhead is about what a trial takes beside its load: to start the server, and
// to end it.
const trialOverhead = 500 * time.Millisecond

// realABTest is the scenario of a server of an A/B test, and how it is judged.
func realABTest(number int, delay time.Duration) (*scenarios.Scenario, record.ABTest, error) {
	set := []decode.Setting{{Key: "seed", Value: strconv.Itoa(number)}}
	if delay > 0 {
		set = append(set, decode.Setting{Key: "workload.delay", Value: delay.String()})
	}
	text, err := scenarioText(context.Background(), "gate") // which is built in
	if err != nil {
		return nil, record.ABTest{}, err
	}
	s, err := ab.ParseWithRules(set, func(set []decode.Setting) (*scenarios.Scenario, error) { return parseScenario("gate", text, set) })
	if err != nil {
		return nil, record.ABTest{}, err
	}
	plan, err := ab.Plan(s, false)
	return s, plan, err
}

// abTest plays the A/B test of a number, whose candidate answers later by the delay, and
// leaves nothing of it on disk.
func (e *examination) abTest(number int, delay time.Duration) (*analysis.Analysis, error) {
	baseline, plan, err := realABTest(number, 0)
	if err != nil {
		return nil, err
	}
	candidate, _, err := realABTest(number, delay)
	if err != nil {
		return nil, err
	}
	r := &trial.Runner{
		Catalogue: e.catalogue, Reference: reference(), Dir: e.dir, Version: cli.Version(),
		Stop: e.interrupted.stop, Diagnose: validity.DiagnoseTrial,
	}
	run, err := r.ABTest(e.interrupted.ctx, trial.Server{Scenario: baseline, Source: ab.AsIs},
		trial.Server{Scenario: candidate, Source: ab.AsIs}, plan, decided)
	switch {
	case e.interrupted.asked():
		return nil, errInterrupted
	case err != nil:
		return nil, err
	}
	defer os.RemoveAll(run.Dir)
	return analyse(run)
}

// decided judges an A/B test at an interim analysis.
func decided(run *record.Run) (bool, error) {
	d, err := judged.SoFar(run)
	return err == nil && d.Decided(), err
}

// medianOf is that of the baseline's medians by round; 0 when none is known.
func medianOf(d *judged.Result) time.Duration {
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
