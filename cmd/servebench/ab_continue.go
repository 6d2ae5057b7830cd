package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"servebench/reports/analysis/stat/paired"
	"servebench/reports/record"
	"servebench/reports/stats"
	"servebench/scenarios"
	"servebench/scenarios/secret"
)

// resume goes on with the A/B test of a run.
func (d *abTest) resume() error {
	run, err := record.Open(d.opts.resume)
	if err != nil {
		return usageError(err)
	}
	if run.AB == nil {
		return usageError(fmt.Errorf("--continue %s: it is no A/B test; want the folder of a run of servebench ab", d.opts.resume))
	}
	set, err := parseSets(d.cmd, d.opts.set) // which have to change nothing
	if err != nil {
		return usageError(err)
	}
	interims, err := d.further(run)
	if err != nil {
		return usageError(fmt.Errorf("--continue %s: %w", d.opts.resume, err))
	}
	ctx, cancel := d.preparing()
	defer cancel()
	for _, variant := range []record.Variant{run.AB.Baseline, run.AB.Candidate} {
		if build := factOf(variant.Facts, factBuild); secret.Marked(build) {
			return usageError(fmt.Errorf("--continue %s: a secret in the command that builds the %s was not recorded: %s; begin a new A/B test whose --build takes it from the environment, as $NAME", d.opts.resume, variant.Target, build))
		}
		s, err := scenarios.Parse(variant.Target+"'s scenario", []byte(variant.Text), catalogue(), set...)
		if err != nil {
			return usageError(err)
		}
		d.secrets = d.secrets.With(s.Secrets)
		if err := d.variant(ctx, recall(variant), s, variant.Source); err != nil {
			return err
		}
	}
	d.scenario = d.made[0].Scenario
	run, err = d.runner(run.Command).Continue(d.interrupted.ctx, d.opts.resume, d.made[0], d.made[1], interims, d.decide)
	return d.end(run, err)
}

// recall is where the program of a variant came from.
func recall(variant record.Variant) source {
	fact := func(name string) string { return factOf(variant.Facts, name) }
	s := source{how: asIs, key: variant.Target}
	switch {
	case fact(factCommit) != "":
		s.how, s.value, s.folder, s.build = byRevision, fact(factCommit), fact(factRepository), fact(factBuild)
	case strings.HasPrefix(variant.Source, byProgram+":"):
		s.how, s.value = byProgram, fact(factProgram)
	}
	return s
}

// further are the interim analyses of a run that is continued: its own, and one more where it has
// been at all of them.
func (d *abTest) further(run *record.Run) ([]record.Interim, error) {
	a, err := analyseToContinue(run)
	if err != nil {
		return nil, err
	}
	interims := run.AB.Interims
	last := interims[len(interims)-1].Pairs
	switch {
	case a.Validity == stats.Invalid && a.Nothing() == "":
		return nil, errors.New("it is INVALID for more than its last round, and further rounds do not make it believable; want a new A/B test")
	case a.AB.Decided():
		return nil, fmt.Errorf("it is decided: %s: %s; want a new A/B test", a.AB.Verdict, a.AB.Why)
	case (a.AB.Interim < len(interims) || a.Shortfall() != nil) && (d.opts.rounds == 0 || d.opts.rounds == last):
		return interims, nil
	case d.opts.rounds == 0:
		return nil, fmt.Errorf("all its %d rounds are played; want --rounds %s", last, suggestRounds(a))
	}
	plan := paired.Plan{Margin: run.AB.Margin, Tolerance: run.AB.Tolerance}
	for _, interim := range interims {
		plan.Interims = append(plan.Interims, paired.Interim(interim))
	}
	if plan, err = plan.Extend(d.opts.rounds); err != nil {
		return nil, fmt.Errorf("--rounds %d: %w", d.opts.rounds, err)
	}
	return recorded(plan.Interims), nil
}

// analyseToContinue judges what a run is continued from: all of it but a last round
// that the instrument was disturbed in, which is rerun.
func analyseToContinue(run *record.Run) (*stats.Analysis, error) {
	a, err := stats.Analyse(run)
	if err != nil || a.Validity != stats.Invalid || len(run.Cells) == 0 {
		return a, err
	}
	last := slices.MaxFunc(run.Cells, func(a, b record.Cell) int { return cmp.Compare(a.Round, b.Round) }).Round
	left, disturbed := *run, false
	left.Cells = slices.Clone(run.Cells)
	for i := range left.Cells {
		c := &left.Cells[i]
		if c.Round != last || c.Discarded != "" {
			continue
		}
		why, err := stats.DiagnoseTrial(run, c.Trial())
		if err != nil {
			return nil, err
		}
		disturbed, c.Discarded = disturbed || why != "", record.RoundInterrupted
	}
	if !disturbed {
		return a, nil
	}
	left.Scenario.Rounds = max(last-1, 1)
	return stats.Analyse(&left)
}

// suggestRounds is how many rounds would settle it, as far as that is known.
func suggestRounds(a *stats.Analysis) string {
	if a.AB.More > 0 {
		return strconv.Itoa(a.AB.More)
	}
	return "N, more than that in all"
}
