// Package alarms counts how often the detectors of package drift are right: it plays runs
// without drift, and with drift of a known kind and time, and notes when each detector raised an
// alarm. The examples are those of the generator sea and its drift those of package shift; runs
// without drift are of credit too, with its categories and numbers that repeat. The model knows
// the rule before the drift, so that only label noise and concept drift make it err.
package alarms

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"servebench/generators"
	"servebench/generators/credit"
	"servebench/generators/drift"
	"servebench/generators/sea"
	"servebench/generators/shift"
)

// The design of a run.
const (
	Reference = 5000   // rows of reference data, others in every run
	Requests  = 20_000 // of a run
	Window    = 500    // requests; the window detectors look at each in turn
	ShiftAt   = Requests / 2
)

// Case is a kind of run. One without Concept and Covariate has no drift.
type Case struct {
	Name      string
	Kind      generators.Kind
	Concept   map[string]float64
	Covariate map[string]float64
}

// Cases are the kinds of runs, those without drift first.
func Cases() []Case {
	all := []Case{{Name: "none", Kind: sea.Kind()}, {Name: "none, credit", Kind: credit.Kind()}}
	for _, by := range []float64{0.1, 0.25, 1} {
		all = append(all, Case{Name: fmt.Sprintf("x1 +%gσ", by), Kind: sea.Kind(), Covariate: map[string]float64{"x1": by}})
	}
	return append(all, Case{Name: "concept 8 → 9", Kind: sea.Kind(), Concept: map[string]float64{sea.Concept: 2}})
}

// Drifts reports whether there is drift in the runs.
func (c Case) Drifts() bool { return len(c.Concept)+len(c.Covariate) > 0 }

// Row is what a detector did in the runs of a case.
type Row struct {
	Detector string
	Case     Case
	Runs     int
	// False are the runs with an alarm before the drift, or any where there is none.
	False int
	// Found are the runs with an alarm after it.
	Found int
	// Delays are how many requests after the drift the alarms came, ascending.
	Delays []int
}

// MedianDelay is the median of the Delays; ok is false where there is none.
func (r Row) MedianDelay() (requests int, ok bool) {
	if len(r.Delays) == 0 {
		return 0, false
	}
	return r.Delays[len(r.Delays)/2], true
}

// Run plays so many runs of each case, on all CPUs. The same number gives the same rows on any
// machine: by case, then by detector. Its only error is the context's.
func Run(ctx context.Context, cases []Case, runs int) ([]Row, error) {
	var all []Row
	for number, c := range cases {
		rows, err := c.play(ctx, uint64(number), runs)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

func (c Case) play(ctx context.Context, number uint64, runs int) ([]Row, error) {
	outcomes := make([][]outcome, runs)
	var failed error
	var mu sync.Mutex
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		wg.Go(func() {
			for i := worker; i < runs && ctx.Err() == nil; i += workers {
				var err error
				if outcomes[i], err = c.playOne(rand.New(rand.NewPCG(number, uint64(i)))); err != nil {
					mu.Lock()
					defer mu.Unlock()
					failed = err
					return
				}
			}
		})
	}
	wg.Wait()
	if failed == nil {
		failed = context.Cause(ctx)
	}
	if failed != nil {
		return nil, failed
	}
	var rows []Row
	for k, kind := range drift.Kinds() {
		row := Row{Detector: kind.Name, Case: c, Runs: runs}
		for _, of := range outcomes {
			if of[k].early {
				row.False++
			}
			if of[k].found {
				row.Found++
				row.Delays = append(row.Delays, of[k].delay)
			}
		}
		slices.Sort(row.Delays)
		rows = append(rows, row)
	}
	return rows, nil
}

// outcome is what a detector did in a run.
type outcome struct {
	early, found bool
	delay        int // requests from the drift to the first alarm after it
}

// note takes an alarm after so many requests. A window is late by the requests it waits for.
func (o *outcome) note(requests int, drifts bool) {
	switch {
	case !drifts || requests <= ShiftAt:
		o.early = true
	case !o.found:
		o.found, o.delay = true, requests-ShiftAt
	}
}

// watched is one detector with what it did.
type watched struct {
	window drift.WindowDetector // nil: it is a stream's
	stream drift.StreamDetector
	outcome
}

func (c Case) playOne(rng *rand.Rand) ([]outcome, error) {
	before, after, err := c.open()
	if err != nil {
		return nil, err
	}
	reference := drift.NewSample(before.Schema())
	for range Reference {
		e := before.Next(rng)
		reference.Add(e.Features, c.predict(e))
	}
	profile, err := drift.NewProfile(reference)
	if err != nil {
		return nil, err
	}
	var detectors []watched
	for _, kind := range drift.Kinds() {
		if kind.Window != nil {
			detectors = append(detectors, watched{window: kind.Window(profile, drift.Alpha)})
		} else {
			detectors = append(detectors, watched{stream: kind.Stream(drift.Alpha)})
		}
	}
	window := drift.NewSample(before.Schema())
	for k := range Requests {
		from := before
		if k >= ShiftAt {
			from = after
		}
		e := from.Next(rng)
		answer := c.predict(e)
		window.Add(e.Features, answer)
		full := window.Len() == Window
		for i := range detectors {
			d := &detectors[i]
			if d.window != nil && full && d.window.Look(window).State == drift.Drift ||
				d.stream != nil && d.stream.Add(answer.Label != e.Label.Label).State == drift.Drift {
				d.note(k+1, c.Drifts())
			}
		}
		if full {
			window.Reset()
		}
	}
	var all []outcome
	for _, d := range detectors {
		all = append(all, d.outcome)
	}
	return all, nil
}

// open returns the generators of the examples before the drift and after it.
func (c Case) open() (before, after generators.Generator, err error) {
	if c.Drifts() {
		spec := shift.Spec{Concept: c.Concept, Covariate: c.Covariate, Shape: shift.Shape{Kind: shift.Sudden}}
		return spec.Open(c.Kind, generators.Config{})
	}
	before, err = c.Kind.Open(generators.Config{})
	return before, before, err
}

// predict answers by the rule before the drift.
func (c Case) predict(e generators.Example) generators.Answer {
	switch {
	case !c.Drifts():
		return generators.Classified(e.Truth)
	case e.Features[0]+e.Features[1] <= 8:
		return generators.Classified(1)
	}
	return generators.Classified(0)
}
