package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"servebench/cmd/cli"
	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/reports/stats"
	"servebench/scenarios"
	"servebench/scenarios/decode"
	"servebench/scenarios/secret"
	"servebench/scenarios/trial"

	"github.com/spf13/cobra"
)

// abTest is one under way.
type abTest struct {
	cmd         *cobra.Command
	opts        *abOptions
	interrupted interrupts
	watch       *progress
	scenario    *scenarios.Scenario // the baseline's
	made        []trial.Server      // the baseline's first
	closers     []func() error      // of what they are made from
	secrets     *secret.Keeper      // of both
}

// close removes what the servers were made from.
func (d *abTest) close() error {
	var faults []error
	for _, close := range d.closers {
		faults = append(faults, close())
	}
	return errors.Join(faults...)
}

// say tells a line worth keeping.
func (d *abTest) say(format string, args ...any) {
	d.watch.event(trial.Event{Note: d.secrets.Redact(fmt.Sprintf(format, args...))})
}

// begin plays a new A/B test.
func (d *abTest) begin(name string) error {
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
	for _, s := range parsed {
		s.Secrets.Scan(d.opts.build, true)
		d.secrets = d.secrets.With(s.Secrets)
	}
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
		if err := d.variant(ctx, from, parsed[i], specs[i].String()); err != nil {
			return err
		}
	}
	run, err := d.runner(d.opts.repeat(name, d.secrets)).ABTest(d.interrupted.ctx, d.made[0], d.made[1], plan, d.decide)
	return d.end(run, err)
}

// servers reads both servers and their scenarios, the baseline's first.
func (d *abTest) servers(ctx context.Context, name string, set []decode.Setting) (specs []serverSpec, parsed []*scenarios.Scenario, err error) {
	words := map[string][]string{"--baseline": d.opts.baseline, "--candidate": d.opts.candidate}
	if d.opts.same {
		words["--candidate"] = d.opts.baseline
	}
	text, err := scenarioText(ctx, name)
	if err != nil {
		return nil, nil, err
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
		s, err := parseABScenario(name, text, slices.Concat(set, spec.settings))
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

// parseABScenario reads a scenario that has rules for an A/B test, its own or the usual
// ones.
func parseABScenario(name string, text []byte, set []decode.Setting) (*scenarios.Scenario, error) {
	s, err := parseScenario(name, text, set)
	if err != nil || s.Regression != nil {
		return s, err
	}
	return parseScenario(name, text, append(slices.Clone(set), decode.Setting{Key: "regression", Value: "{}", Flag: "the usual rules of an A/B test"}))
}

// preparing returns a context that the first interrupt ends: as long as nothing is
// measured, there is nothing to wait for.
func (d *abTest) preparing() (context.Context, context.CancelFunc) {
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

// variant makes a server, which lasts until the A/B test is closed; as is how it was named.
func (d *abTest) variant(ctx context.Context, from source, s *scenarios.Scenario, as string) error {
	server, close, err := from.variant(ctx, s, d.say)
	server.Source = as
	d.made, d.closers = append(d.made, server), append(d.closers, close)
	if coded, ok := errors.AsType[*exitError](err); ok && ctx.Err() == nil {
		return &exitError{code: coded.code, err: d.secrets.Error(coded.err)}
	}
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted, err: errors.New("interrupted before anything was measured")}
	}
	return withCode(d.secrets.Error(err))
}

// runner is what plays the A/B test; command is the command line that repeats it.
func (d *abTest) runner(command []string) *trial.Runner {
	known, err := keptCalibration(d.scenario.Limits.CPUs)
	if err != nil {
		d.say("%v; going on without it", err)
	}
	return &trial.Runner{
		Catalogue: catalogue(),
		Reference: reference(),
		Dir:       d.opts.out,
		Version:   cli.Version(),
		Command:   command,
		Stop:      d.interrupted.stop,
		Diagnose:  stats.DiagnoseTrial,

		Calibration: known,
		Observe:     d.watch.event,
	}
}

// decide judges an A/B test at an interim analysis, and says how it stands.
func (d *abTest) decide(run *record.Run) (bool, error) {
	for i, server := range d.made {
		if err := unchanged(server); err != nil {
			return false, fmt.Errorf("%s: %w", []string{record.Baseline, record.Candidate}[i], err)
		}
	}
	so, err := stats.ABSoFar(run)
	if err != nil {
		return false, err
	}
	d.watch.standing = standing(so)
	next := ""
	if interims := run.AB.Interims; !so.Decided() && so.Interim < len(interims) {
		next = fmt.Sprintf("; next interim analysis after round %d", interims[so.Interim].Pairs)
	}
	d.say("interim analysis %d of %d, after round %d: %s%s", so.Interim, so.Interims, run.Scenario.Rounds, d.watch.standing, next)
	return so.Decided(), nil
}

// standing is how an A/B test stands, in a line: "p50 +1.2 % [−0.5 %, 3.1 %], p90 …".
func standing(so *stats.ABTest) string {
	var parts []string
	for _, m := range so.Metrics {
		name := m.Name
		if slices.ContainsFunc(so.Metrics, func(o stats.ABMetric) bool { return o.Phase != m.Phase }) {
			name = m.Phase + " " + name
		}
		parts = append(parts, fmt.Sprintf("%s %s %s", name, format.Change(m.Ratio), m.Bounds()))
	}
	return strings.Join(parts, ", ")
}

// end writes the reports of an A/B test and says how it ended.
func (d *abTest) end(run *record.Run, err error) error {
	d.watch.end()
	if run == nil {
		return withCode(err)
	}
	a, errReport := finish(d.cmd, run, &runOptions{formats: d.opts.formats, output: d.opts.output})
	if a != nil {
		errReport = errors.Join(errReport, tellCI(d.cmd.ErrOrStderr(), a), d.keepNoise(a))
	}
	return worst(withCode(err), abOutcome(run, a), runtimeError(errReport))
}

// abOutcome is what an A/B test says through the exit code.
func abOutcome(run *record.Run, a *stats.Analysis) error {
	if err := outcome(run, a, false); err != nil || a == nil || run.AB.Same {
		return err
	}
	switch a.AB.Verdict {
	case stats.Fail:
		return &exitError{code: exitFailed, err: errors.New("FAIL: " + a.AB.Why)}
	case stats.Inconclusive:
		more := ""
		if advice := a.AB.Advice(); advice != "" {
			more = strings.TrimRight(fmt.Sprintf("\n  %s:\n  %s", advice, a.AB.Command), ": \n")
		}
		return &exitError{code: exitInconclusive, err: errors.New("INCONCLUSIVE: " + a.AB.Why + more)}
	}
	return nil
}
