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
	"iter"
	"math/rand/v2"
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

// Shape is what a process offers.
type Shape struct {
	Arrivals int64         // how many there are
	Duration time.Duration // all of them are before it
	Rate     float64       // mean, per second
	Peak     float64       // the highest rate, per second
	// Steps are the stretches of constant rate that the load is made of, by
	// ascending start and without gaps: of a process whose rate jumps at whole seconds.
	// nil of the others.
	Steps []Step
}

// Step is a stretch of constant rate.
type Step struct {
	Start, Duration time.Duration
	Rate            float64 // per second
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
		constantKind(), poissonKind(), gammaKind(), rampKind(), stepsKind(), sineKind(), spikeKind(), traceKind(),
	}
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

// needs are parameters that have to be given.
func needs(names ...string) []Param {
	params := make([]Param, len(names))
	for i, name := range names {
		params[i].Name = name
	}
	return params
}

// and adds parameters that need not be given.
func and(params []Param, names ...string) []Param {
	for _, name := range names {
		params = append(params, Param{Name: name, Optional: true})
	}
	return params
}
