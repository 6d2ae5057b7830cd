// Package arrivals holds the arrival processes: when each request of an open-loop
// load is due, whatever the server does. A process turns its configuration and a
// random source into ascending offsets from the start of the load. It stands
// before scenarios/attack, which sends one request at each of them.
//
// Every process makes the same number of arrivals for every seed, the integral of
// its rate over the duration, rounded; where the rate is constant over stretches,
// so does each of these. Two runs that differ in their seed offer the same load,
// then. Processes are lazy and need constant memory however long the load is; a trace
// needs that of its file.
package arrivals

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"servebench/reports/record"
	"slices"
	"time"
)

// Process makes the due times of one load.
type Process interface {
	// Arrivals returns the due times as offsets from the start of the load:
	// ascending (equal ones may follow each other), at least 0 and below the
	// duration. The sequence ends. It is a pure function of the random source,
	// from which a fixed number of values is drawn when Arrivals is called; the
	// sequence may be iterated more than once and is the same each time.
	Arrivals(rng *rand.Rand) iter.Seq[time.Duration]
	// Shape says what the process offers, which is the same for every source.
	Shape() Shape
}

// process is a Process by a function that yields its due times.
type process struct {
	shape Shape
	yield func(rng *rand.Rand, yield func(due time.Duration) bool)
}

// Shape implements Process.
func (p process) Shape() Shape { return p.shape }

// Arrivals implements Process.
func (p process) Arrivals(rng *rand.Rand) iter.Seq[time.Duration] {
	seed := [2]uint64{rng.Uint64(), rng.Uint64()}
	return func(yield func(time.Duration) bool) {
		var before time.Duration
		p.yield(rand.New(rand.NewPCG(seed[0], seed[1])), func(due time.Duration) bool {
			// Rounding must put no arrival before another one or on the end.
			before = max(before, min(due, p.shape.Duration-1))
			return yield(before)
		})
	}
}

// Shape is what a process offers.
type Shape struct {
	Arrivals int64         // how many there are
	Duration time.Duration // all of them are before it
	Rate     float64       // mean, per second
	Peak     float64       // the highest rate, per second
	// Steps are the stretches of constant rate that the load is made of, by
	// ascending start and without gaps: of a process whose rate jumps at whole seconds.
	// nil of the others.
	Steps []record.Step
}

// Kind is a process's entry in the list that the CLI, the scenario validation and
// the help texts are made from.
type Kind struct {
	Name   string
	Doc    string // one sentence
	Params []Param
	// New returns the process. Its error tells of a Config that it cannot keep, and is
	// a *Mistake behind the process's name. It does not look at parameters that the process
	// does not take.
	New func(Config) (Process, error)
}

// Param is a parameter that a process takes.
type Param struct {
	Name     string // one of ParamRate, ParamDuration …
	Optional bool   // it need not be given
}

// The names of the parameters, as in a scenario.
const (
	ParamRate       = "rate"
	ParamDuration   = "duration"
	ParamBurstiness = "burstiness"
	ParamTo         = "to"
	ParamSteps      = "steps"
	ParamAmplitude  = "amplitude"
	ParamPeriod     = "period"
	ParamAt         = "at"
	ParamFor        = "for"
	ParamGaps       = "gaps"
	ParamTrace      = "trace"
)

// Takes reports whether the process takes a parameter.
func (k Kind) Takes(param string) bool {
	return slices.ContainsFunc(k.Params, func(p Param) bool { return p.Name == param })
}

// Needs reports whether the process does not do without a parameter.
func (k Kind) Needs(param string) bool {
	return slices.Contains(k.Params, Param{Name: param})
}

// Kinds lists every process, in the order in which help texts show them.
func Kinds() []Kind {
	return []Kind{
		named("constant", "Arrivals at equal gaps, the first one at 0; hides queueing, which needs gaps that vary.",
			required(ParamRate, ParamDuration), newConstant),
		named("poisson", "Independent users: exponential gaps between arrivals, their total fixed to rate × duration.",
			required(ParamRate, ParamDuration), newPoisson),
		named("gamma", "Gaps of a gamma distribution, burstier than independent users where burstiness is below 1 (at 1 they are poisson), more even above; their total is fixed.",
			required(ParamRate, ParamDuration, ParamBurstiness), newGamma),
		named("ramp", "The rate goes from rate to to in a straight line.",
			withOptional(required(ParamRate, ParamDuration, ParamTo), ParamGaps), newRamp),
		named("steps", "The rate goes from rate to to in equal steps, each of a whole number of seconds.",
			withOptional(required(ParamRate, ParamDuration, ParamTo, ParamSteps), ParamGaps), newSteps),
		named("sine", "The rate swings around rate by amplitude, once in a period, and begins by rising.",
			withOptional(required(ParamRate, ParamDuration, ParamAmplitude, ParamPeriod), ParamGaps), newSine),
		named("spike", "The rate jumps from rate to to at one moment, stays there for a while and falls back.",
			withOptional(required(ParamRate, ParamDuration, ParamTo, ParamAt, ParamFor), ParamGaps), newSpike),
		named("trace", "Arrivals as recorded in a file, of their times or of their number in each interval; rate and duration are the recording's own unless given.",
			withOptional(required(ParamTrace), ParamRate, ParamDuration, ParamGaps), newTrace),
	}
}

// named makes the entry of a process, whose name leads its errors.
func named(name, doc string, params []Param, newProcess func(Config) (Process, error)) Kind {
	return Kind{name, doc, params, func(c Config) (Process, error) {
		process, err := newProcess(c)
		if err != nil {
			return nil, fmt.Errorf("%s arrivals: %w", name, err)
		}
		return process, nil
	}}
}

// TakenBy names the processes that take a parameter, in the order of Kinds.
func TakenBy(param string) []string {
	var names []string
	for _, k := range Kinds() {
		if k.Takes(param) {
			names = append(names, k.Name)
		}
	}
	return names
}

func required(names ...string) []Param {
	params := make([]Param, len(names))
	for i, name := range names {
		params[i].Name = name
	}
	return params
}

func withOptional(params []Param, names ...string) []Param {
	for _, name := range names {
		params = append(params, Param{Name: name, Optional: true})
	}
	return params
}

// block is how many due times are made at once for Pull's reader: few enough that
// it is never held up for long, enough to share the price of going over to the
// process and back.
const block = 128

// Pull returns a function that hands out due times one after the other, false at
// their end, and one that ends this. They are iter.Pull's, but far cheaper. The first
// due times are made by Pull, with all that the process has to compute for them.
func Pull(due iter.Seq[time.Duration]) (next func() (time.Duration, bool), stop func()) {
	pull, stop := iter.Pull(blocks(due))
	ready, _ := pull()
	return func() (time.Duration, bool) {
		if len(ready) == 0 {
			if ready, _ = pull(); len(ready) == 0 {
				return 0, false
			}
		}
		first := ready[0]
		ready = ready[1:]
		return first, true
	}, stop
}

// blocks yields due times a block at a time, each in the same memory.
func blocks(due iter.Seq[time.Duration]) iter.Seq[[]time.Duration] {
	return func(yield func([]time.Duration) bool) {
		made := make([]time.Duration, 0, block)
		for at := range due {
			if made = append(made, at); len(made) < block {
				continue
			}
			if !yield(made) {
				return
			}
			made = made[:0]
		}
		if len(made) > 0 {
			yield(made)
		}
	}
}
