package selftest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/scenarios/calibration"
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

// Calibrate searches the highest valid rate of requests to a server that answers without
// delay, and measures the floors below it; quick does so coarsely. The error is
// calibration.ErrNoRate where no rate is VALID.
func (p *Player) Calibrate(ctx context.Context, server string, quick bool) (calibration.Document, error) {
	d, pace := calibration.Document{Schema: calibration.Schema, Quick: quick}, paceOf(quick)
	var err error
	if d.Machine, err = calibration.ThisMachine(p.runner.Version, 1); err != nil {
		return d, err
	}
	d.Created, d.Version = time.Now().UTC().Truncate(time.Second), d.Machine.Version
	search := calibration.Search{From: 1000, Most: 500_000, Least: 50, Precision: pace.precision}
	action := "" // that the last try asks for
	d.MaxRate, d.Tries, err = search.Run(ctx, func(_ context.Context, rate float64) (calibration.Try, error) {
		t := calibration.Try{Rate: rate}
		err := p.play(ctx, nullScenario(server, rate, pace.try), func(_ *record.Run, a *analysis.Analysis) error {
			t.Valid = a.Validity == record.Valid
			t.Why, action = whyInvalid(a)
			return nil
		})
		p.say("%8s  %s", format.Rate(rate), verdictOf(t))
		return t, err
	})
	if errors.Is(err, calibration.ErrNoRate) {
		return d, fmt.Errorf("%w; %s", err, action)
	}
	if err != nil {
		return d, err
	}
	err = p.floors(ctx, &d, server, pace)
	return d, err
}

// floors measures the floors of a calibration, up to its highest rate.
func (p *Player) floors(ctx context.Context, d *calibration.Document, server string, pace pace) error {
	for _, rate := range floorRates(d.MaxRate) {
		var below *record.Floor
		if n := len(d.Floors); n > 0 {
			below = &d.Floors[n-1]
		}
		f, why, err := p.floor(ctx, server, rate, below, pace)
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
func (p *Player) floor(ctx context.Context, server string, rate float64, below *record.Floor, pace pace) (f record.Floor, why string, err error) {
	duration := min(max(time.Duration(10_000/rate*float64(time.Second)), pace.floorLeast), pace.floorMost)
	for range 2 {
		p.say("%8s  floor, %v", format.Rate(rate), duration.Round(100*time.Millisecond))
		err = p.play(ctx, nullScenario(server, rate, duration), func(_ *record.Run, a *analysis.Analysis) error {
			f, why = judgedFloor(rate, a, below)
			return nil
		})
		if why == "" || err != nil {
			return f, why, err
		}
		p.say("%8s  no floor: %s", format.Rate(rate), why)
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

// nullScenario is Poisson arrivals at the server that answers immediately.
func nullScenario(server string, rate float64, duration time.Duration) []byte {
	return fmt.Appendf(nil, `name: calibrate
description: A server that answers immediately, so that what is measured is the load generator.
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

// WriteCalibration writes the rate, the table of floors, those left out, and what
// they mean.
func WriteCalibration(w io.Writer, d calibration.Document) error {
	fmt.Fprintf(w, "The load generator is VALID up to %s with Poisson arrivals, on %s of this machine.\n\n",
		format.Rate(d.MaxRate), cpusText(d.Machine.Generator))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "FLOOR AT\tP50\tP90\tP99\tP99.9\tn\t")
	for _, f := range d.Floors {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t\n", format.Rate(f.Rate),
			floorText(f.P50), floorText(f.P90), floorText(f.P99), floorText(f.P999), format.Count(f.N))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, out := range d.LeftOut {
		fmt.Fprintf(w, "No floor at %s, in two tries: %s.\n", format.Rate(out.Rate), out.Why)
	}
	if _, err := fmt.Fprint(w, `
The floor is the response time of a server that answers immediately: what the generator,
the kernel and loopback take by themselves. A server's own times are above it, and
differences between servers that are smaller than it are hard to see. Above the rate,
runs would be INVALID here whatever the server does.
`); err != nil || !d.Quick {
		return err
	}
	_, err := fmt.Fprintln(w, "These are the coarse figures of --quick, which are not kept: runs do not show them.")
	return err
}

// cpusText names CPUs of a list: "CPU 0", "CPUs 0-3".
func cpusText(list string) string {
	if strings.ContainsAny(list, ",-") {
		return "CPUs " + list
	}
	return "CPU " + list
}

// floorText is a quantile of a floor, where the answers were enough for it.
func floorText(d time.Duration) string {
	if d == 0 {
		return "n too small"
	}
	return format.Duration(d)
}
