package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"servebench/reports/record"
	"servebench/reports/stats"
	"servebench/reports/stats/paired"
	"servebench/scenarios"
	"servebench/scenarios/runner"

	"github.com/spf13/cobra"
)

// duet is one under way.
type duet struct {
	cmd         *cobra.Command
	opts        *duetOptions
	interrupted interrupts
	watch       *progress
	scenario    *scenarios.Scenario // the baseline's
	made        []runner.Server     // the baseline's first
	closers     []func() error      // of what they are made from
}

// close removes what the servers were made from.
func (d *duet) close() error {
	var faults []error
	for _, close := range d.closers {
		faults = append(faults, close())
	}
	return errors.Join(faults...)
}

// say tells a line worth keeping.
func (d *duet) say(format string, args ...any) {
	d.watch.event(runner.Event{Note: fmt.Sprintf(format, args...)})
}

// begin plays a new duet.
func (d *duet) begin(name string) error {
	set, err := d.opts.settings(d.cmd)
	if err != nil {
		return usageError(err)
	}
	ctx, cancel := d.preparing()
	defer cancel()
	specs, parsed, err := d.servers(ctx, name, set)
	if err != nil {
		return usageError(err)
	}
	d.scenario = parsed[0]
	plan, err := planned(d.scenario, d.opts.same)
	if err != nil {
		return usageError(err)
	}
	if d.opts.forget {
		if err := forgetNoise(d.scenario); err != nil {
			return runtimeError(err)
		}
	}
	kept, err := knownNoise(d.scenario)
	if err != nil {
		return err
	}
	plan.Noise = kept.Noise
	if err := aboveNoise(plan, kept); err != nil {
		return usageError(err)
	}
	for i, key := range []string{record.Baseline, record.Candidate} {
		if specs[i].guess != "" {
			d.say("%s", specs[i].guess)
		}
		from := source{how: specs[i].how, value: specs[i].value, folder: ".", build: d.opts.build, key: key}
		if err := d.arm(ctx, from, parsed[i], specs[i].String()); err != nil {
			return err
		}
	}
	run, err := d.runner(d.opts.repeat(name)).Duet(d.interrupted.ctx, d.made[0], d.made[1], plan, d.decide)
	return d.end(run, err)
}

// servers reads both servers and their scenarios, the baseline's first.
func (d *duet) servers(ctx context.Context, name string, set []scenarios.Setting) (specs []serverSpec, parsed []*scenarios.Scenario, err error) {
	words := map[string][]string{"--baseline": d.opts.baseline, "--candidate": d.opts.candidate}
	if d.opts.same {
		words["--candidate"] = d.opts.baseline
	}
	var faults []error
	for _, flag := range []string{"--baseline", "--candidate"} {
		spec, err := parseServer(ctx, flag, words[flag])
		if err == nil {
			err = spec.there(flag)
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		s, err := readDuetScenario(name, slices.Concat(set, spec.settings))
		specs, parsed, faults = append(specs, spec), append(parsed, s), append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, nil, once(err)
	}
	if d.opts.build != "" && !slices.ContainsFunc(specs, func(s serverSpec) bool { return s.how == byRevision }) {
		return nil, nil, errors.New("--build builds revisions, and neither server is one: want rev:REVISION")
	}
	return specs, parsed, nil
}

// once is the first of two errors where both say the same: of a scenario that both
// servers share.
func once(err error) error {
	lines := strings.Split(err.Error(), "\n")
	if half := len(lines) / 2; len(lines)%2 == 0 && slices.Equal(lines[:half], lines[half:]) {
		return errors.New(strings.Join(lines[:half], "\n"))
	}
	return err
}

// readDuetScenario reads a scenario that has rules for a duet, its own or the usual
// ones.
func readDuetScenario(name string, set []scenarios.Setting) (*scenarios.Scenario, error) {
	s, err := readScenario(name, set)
	if err != nil || s.Regression != nil {
		return s, err
	}
	return readScenario(name, append(slices.Clone(set), scenarios.Setting{Key: "regression", Value: "{}", Flag: "the usual rules of a duet"}))
}

// planned is how a duet of a scenario is judged, and when.
func planned(s *scenarios.Scenario, same bool) (record.Duet, error) {
	rule, phases := s.Regression, 0
	for _, p := range s.Load {
		if p.Measure {
			phases++
		}
	}
	plan := record.Duet{Same: same, Metrics: rule.Metrics, Margin: rule.Margin, Tolerance: rule.Tolerance}
	p, err := paired.NewPlan(max(phases, 1)*len(rule.Metrics), rule.Rounds, rule.Margin, rule.Tolerance)
	if err != nil {
		return plan, fmt.Errorf("regression: %w", err)
	}
	plan.Looks = recorded(p.Looks)
	return plan, nil
}

// recorded are looks as the record has them.
func recorded(looks []paired.Look) []record.Look {
	var all []record.Look
	for _, look := range looks {
		all = append(all, record.Look(look))
	}
	return all
}

// preparing returns a context that the first interrupt ends: as long as nothing is
// measured, there is nothing to wait for.
func (d *duet) preparing() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(d.interrupted.ctx)
	go func() {
		select {
		case <-d.interrupted.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// arm makes a server, which lasts until the duet is closed; as is how it was named.
func (d *duet) arm(ctx context.Context, from source, s *scenarios.Scenario, as string) error {
	server, close, err := from.arm(ctx, s, d.say)
	server.Source = as
	d.made, d.closers = append(d.made, server), append(d.closers, close)
	if _, coded := errors.AsType[*exitError](err); coded && ctx.Err() == nil {
		return err
	}
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted, err: errors.New("interrupted before anything was measured")}
	}
	return withCode(err)
}

// runner is what plays the duet; command is the command line that repeats it.
func (d *duet) runner(command []string) *runner.Runner {
	known, err := keptCalibration(d.scenario.Limits.CPUs)
	if err != nil {
		d.say("%v; going on without it", err)
	}
	return &runner.Runner{
		Catalogue: catalogue(),
		Reference: reference(),
		Dir:       d.opts.out,
		Version:   version(),
		Command:   command,
		Stop:      d.interrupted.stop,
		Doubt:     stats.VisitDoubt,

		Calibration: known,
		Observe:     d.watch.event,
	}
}

// decide judges a duet at a look, and says how it stands.
func (d *duet) decide(run *record.Run) (bool, error) {
	for i, server := range d.made {
		if err := unchanged(server); err != nil {
			return false, fmt.Errorf("%s: %w", []string{record.Baseline, record.Candidate}[i], err)
		}
	}
	so, err := stats.DuetSoFar(run)
	if err != nil {
		return false, err
	}
	d.watch.standing = standing(so)
	next := ""
	if looks := run.Duet.Looks; !so.Decided() && so.Look < len(looks) {
		next = fmt.Sprintf("; next look after round %d", looks[so.Look].Pairs)
	}
	d.say("look %d of %d, after round %d: %s%s", so.Look, so.Looks, run.Scenario.Rounds, d.watch.standing, next)
	return so.Decided(), nil
}

// standing is how a duet stands, in a line: "p50 +1.2 % [−0.5 %, 3.1 %], p90 …".
func standing(so *stats.Duet) string {
	var parts []string
	for _, m := range so.Metrics {
		name := m.Name
		if slices.ContainsFunc(so.Metrics, func(o stats.DuetMetric) bool { return o.Phase != m.Phase }) {
			name = m.Phase + " " + name
		}
		parts = append(parts, fmt.Sprintf("%s %s %s", name, stats.FormatChange(m.Ratio), m.Bounds()))
	}
	return strings.Join(parts, ", ")
}

// end writes the reports of a duet and says how it ended.
func (d *duet) end(run *record.Run, err error) error {
	d.watch.end()
	if run == nil {
		return withCode(err)
	}
	a, errReport := finish(d.cmd, run, &runOptions{formats: d.opts.formats, output: d.opts.output})
	if a != nil {
		errReport = errors.Join(errReport, tellCI(d.cmd.ErrOrStderr(), a), d.keepNoise(a))
	}
	return worst(withCode(err), withCode(errReport), duetOutcome(run, a))
}

// duetOutcome is what a duet says through the exit code.
func duetOutcome(run *record.Run, a *stats.Analysis) error {
	if err := outcome(run, a, false); err != nil || a == nil || run.Duet.Same {
		return err
	}
	switch a.Duet.Verdict {
	case stats.Fail:
		return &exitError{code: exitFailed, err: errors.New("FAIL: " + a.Duet.Why)}
	case stats.Inconclusive:
		more := ""
		if advice := a.Duet.Advice(); advice != "" {
			more = strings.TrimRight(fmt.Sprintf("\n  %s:\n  %s", advice, a.Duet.Command), ": \n")
		}
		return &exitError{code: exitInconclusive, err: errors.New("INCONCLUSIVE: " + a.Duet.Why + more)}
	}
	return nil
}

// resume goes on with the duet of a run.
func (d *duet) resume() error {
	run, err := record.Open(d.opts.resume)
	if err != nil {
		return usageError(err)
	}
	if run.Duet == nil {
		return usageError(fmt.Errorf("--continue %s: it is no duet; want the folder of a run of servebench duet", d.opts.resume))
	}
	looks, err := d.further(run)
	if err != nil {
		return usageError(fmt.Errorf("--continue %s: %w", d.opts.resume, err))
	}
	ctx, cancel := d.preparing()
	defer cancel()
	for _, arm := range []record.Arm{run.Duet.Baseline, run.Duet.Candidate} {
		s, err := scenarios.Parse(arm.Target+"'s scenario", []byte(arm.Text), catalogue())
		if err != nil {
			return usageError(err)
		}
		if err := d.arm(ctx, recall(arm), s, arm.Source); err != nil {
			return err
		}
	}
	d.scenario = d.made[0].Scenario
	run, err = d.runner(run.Command).Continue(d.interrupted.ctx, d.opts.resume, d.made[0], d.made[1], looks, d.decide)
	return d.end(run, err)
}

// recall is where the program of an arm came from.
func recall(arm record.Arm) source {
	fact := func(name string) string { return factOf(arm.Facts, name) }
	s := source{how: asIs, key: arm.Target}
	switch {
	case fact(factCommit) != "":
		s.how, s.value, s.folder, s.build = byRevision, fact(factCommit), fact(factRepository), fact(factBuild)
	case strings.HasPrefix(arm.Source, byProgram+":"):
		s.how, s.value = byProgram, fact(factProgram)
	}
	return s
}

// further are the looks of a run that is continued: its own, and one more where it has
// been at all of them.
func (d *duet) further(run *record.Run) ([]record.Look, error) {
	a, err := analyseToContinue(run)
	if err != nil {
		return nil, err
	}
	looks := run.Duet.Looks
	last := looks[len(looks)-1].Pairs
	switch {
	case a.Validity == stats.Invalid && a.Nothing() == "":
		return nil, errors.New("it is INVALID for more than its last round, and further rounds do not make it believable; want a new duet")
	case a.Duet.Decided():
		return nil, fmt.Errorf("it is decided: %s: %s; want a new duet", a.Duet.Verdict, a.Duet.Why)
	case a.Duet.Look < len(looks) && (d.opts.rounds == 0 || d.opts.rounds == last):
		return looks, nil
	case d.opts.rounds == 0:
		return nil, fmt.Errorf("all its %d rounds are played; want --rounds %s", last, suggestRounds(a))
	}
	plan := paired.Plan{Margin: run.Duet.Margin, Tolerance: run.Duet.Tolerance}
	for _, look := range looks {
		plan.Looks = append(plan.Looks, paired.Look(look))
	}
	if plan, err = plan.Extend(d.opts.rounds); err != nil {
		return nil, fmt.Errorf("--rounds %d: %w", d.opts.rounds, err)
	}
	return recorded(plan.Looks), nil
}

// analyseToContinue judges what a run is continued from: all of it but a last round
// that the instrument was disturbed in, which is played again.
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
		if c.Round != last || c.SetAside != "" {
			continue
		}
		why, err := stats.VisitDoubt(run, c.Visit())
		if err != nil {
			return nil, err
		}
		disturbed, c.SetAside = disturbed || why != "", record.RoundInterrupted
	}
	if !disturbed {
		return a, nil
	}
	left.Scenario.Rounds = max(last-1, 1)
	return stats.Analyse(&left)
}

// suggestRounds is how many rounds would settle it, as far as that is known.
func suggestRounds(a *stats.Analysis) string {
	if a.Duet.More > 0 {
		return strconv.Itoa(a.Duet.More)
	}
	return "N, more than that in all"
}
