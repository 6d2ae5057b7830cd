package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"servebench/cmd/cli"
	"servebench/reports/analysis"
	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/scenarios/calibration"

	"github.com/spf13/cobra"
)

// pace is how much time a calibration takes for what.
type pace struct {
	try                   time.Duration // for one rate of the search
	floorLeast, floorMost time.Duration // for one floor
	precision             float64
}

// paceOf is the usual one, or the quick one.
func paceOf(quick bool) pace {
	if quick {
		return pace{500 * time.Millisecond, 500 * time.Millisecond, time.Second, 0.5}
	}
	return pace{2 * time.Second, 2 * time.Second, 10 * time.Second, 0.08}
}

// runCalibration finds the highest valid rate and the floors, keeps and prints
// them.
func runCalibration(cmd *cobra.Command, opts *calibrateOptions) (err error) {
	server, err := program("nullserver")()
	if err != nil {
		return runtimeError(err)
	}
	interrupted := catchInterrupts(cmd.Context(), cmd.ErrOrStderr())
	defer interrupted.end()
	e, err := newExamination(interrupted)
	if err != nil {
		return runtimeError(err)
	}
	defer func() { err = worst(err, runtimeError(e.end())) }()
	say := func(format string, args ...any) { opts.say(cmd.ErrOrStderr(), format, args...) }
	d, err := e.calibrate(server, paceOf(opts.quick), say)
	if err != nil {
		return calibrated(err)
	}
	d.Quick = opts.quick
	write := writeCalibration
	if opts.output.value == "json" {
		write = writeCalibrationJSON
	}
	err = runtimeError(write(cmd.OutOrStdout(), d))
	if opts.quick {
		return err
	}
	return worst(err, runtimeError(calibration.Keep(d)))
}

// calibrated gives the error of a calibration its exit code.
func calibrated(err error) error {
	if errors.Is(err, calibration.ErrNoRate) {
		return &exitError{code: exitInvalid, err: err}
	}
	return examined(err)
}

// calibrate searches the highest valid rate and measures the floors below it.
func (e *examination) calibrate(server string, p pace, say func(string, ...any)) (calibration.Document, error) {
	d := calibration.Document{Schema: calibration.Schema}
	var err error
	if d.Machine, err = calibration.ThisMachine(cli.Version(), 1); err != nil {
		return d, err
	}
	d.Created, d.Version = time.Now().UTC().Truncate(time.Second), d.Machine.Version
	search := calibration.Search{From: 1000, Most: 500_000, Least: 50, Precision: p.precision}
	action := "" // that the last try asks for
	d.MaxRate, d.Tries, err = search.Run(e.interrupted.ctx, func(_ context.Context, rate float64) (calibration.Try, error) {
		t := calibration.Try{Rate: rate}
		err := e.play(nullScenario(server, rate, p.try), func(_ *record.Run, a *analysis.Analysis) error {
			t.Valid = a.Validity == record.Valid
			t.Why, action = whyInvalid(a)
			return nil
		})
		say("%8s  %s", format.Rate(rate), verdictOf(t))
		return t, err
	})
	if errors.Is(err, calibration.ErrNoRate) {
		return d, fmt.Errorf("%w; %s", err, action)
	}
	if err != nil {
		return d, err
	}
	err = e.floors(&d, server, p, say)
	return d, err
}

// floors measures the floors of a calibration, up to its highest rate.
func (e *examination) floors(d *calibration.Document, server string, p pace, say func(string, ...any)) error {
	for _, rate := range floorRates(d.MaxRate) {
		var below *record.Floor
		if n := len(d.Floors); n > 0 {
			below = &d.Floors[n-1]
		}
		f, why, err := e.floor(server, rate, below, p, say)
		switch {
		case err != nil:
			return err
		case why != "":
			d.LeftOut = append(d.LeftOut, calibration.LeftOut{Rate: rate, Why: why})
		default:
			d.Floors = append(d.Floors, f)
		}
	}
	return nil
}

// floor measures the floor at a rate, or says why it is not known: like a run, it
// is not where the generator was not VALID, nor where the machine was busy with
// something else. Each gets a second chance.
func (e *examination) floor(server string, rate float64, below *record.Floor, p pace, say func(string, ...any)) (f record.Floor, why string, err error) {
	duration := min(max(time.Duration(10_000/rate*float64(time.Second)), p.floorLeast), p.floorMost)
	for range 2 {
		say("%8s  floor, %v", format.Rate(rate), duration.Round(100*time.Millisecond))
		err = e.play(nullScenario(server, rate, duration), func(_ *record.Run, a *analysis.Analysis) error {
			f, why = judgedFloor(rate, a, below)
			return nil
		})
		if why == "" || err != nil {
			return f, why, err
		}
		say("%8s  no floor: %s", format.Rate(rate), why)
	}
	return f, why, nil
}

// judgedFloor takes the floor from an analysis, or says why it is none.
func judgedFloor(rate float64, a *analysis.Analysis, below *record.Floor) (f record.Floor, why string) {
	if a.Validity != record.Valid {
		why, _ = whyInvalid(a)
		return f, string(record.Invalid) + ": " + why
	}
	if len(a.Rows) == 0 {
		return f, "nothing was measured"
	}
	f = floorOf(rate, a.Rows[0].Response)
	return f, calibration.Disturbed(f, below)
}

// verdictOf is how a try went, in words.
func verdictOf(t calibration.Try) string {
	if t.Valid {
		return string(record.Valid)
	}
	return string(record.Invalid) + ": " + t.Why
}

// floorRates are the rates at which the floor is measured, up to the highest.
func floorRates(most float64) []float64 {
	var rates []float64
	for _, rate := range []float64{100, 1000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000} {
		if rate < most {
			rates = append(rates, rate)
		}
	}
	return append(rates, most)
}

// floorOf takes the quantiles that are known from a distribution.
func floorOf(rate float64, d stat.Distribution) record.Floor {
	f := record.Floor{Rate: rate, N: d.N}
	for i, into := range []*time.Duration{&f.P50, &f.P90, &f.P99, &f.P999} {
		if q := d.Quantiles[i]; q.Known {
			*into = q.Value
		}
	}
	return f
}

// nullScenario is Poisson arrivals at the server that answers at once.
func nullScenario(server string, rate float64, duration time.Duration) []byte {
	return fmt.Appendf(nil, `name: calibrate
description: A server that answers at once, so that what is measured is the load generator.
targets: [physical]
workload: {command: [%q, --address, "{host}:{port}"]}
protocol: template
template: {method: GET, path: /}
load:
  - {name: warm-up, arrivals: poisson, rate: %[2]g, duration: 500ms, measure: false}
  - {name: steady, arrivals: poisson, rate: %[2]g, duration: %[3]v}
rounds: 1
reruns: 0
timeout: 2s
`, server, rate, duration)
}
