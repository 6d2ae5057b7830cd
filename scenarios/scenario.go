// Package scenarios holds the scenario: the file that says what to do. It stands
// at the head of the flow. Parse turns the text of a file into a Scenario, or
// into every fault that it has; package trial plays it.
//
// What a file may hold is written down once, in the table of keys (table*.go):
// the decoder, the resolved text, the schema for editors and the reference that
// the command line prints are all made from it.
package scenarios

import (
	"slices"
	"time"

	"servebench/scenarios/secret"
	"servebench/targets"
	"servebench/targets/reference/clock"
)

// Scenario is what to do, with every default filled in.
type Scenario struct {
	Name        string
	Description string
	Targets     []string // names, each once
	Workload    Workload
	Protocol    string
	Template    *Template // nil: the requests are made from Data
	HTTP        HTTP
	Data        Data
	Load        []Phase   // in the order they are played; names are unique; none: the deployments alone
	AbortOn     *Abort    // nil: no phase ends early
	Overhead    *Overhead // nil: no request's time is split
	Rounds      int       // at least 1; without Load there are none
	Reruns      int       // how many disturbed ones may be rerun
	ColdStarts  int       // of each target for its cold start alone, after the rounds
	Attackers   int       // loops that share the load, at least 1
	Awake       bool      // keep the CPUs out of idle states while requests are sent
	Seed        uint64
	Timeout     time.Duration // of one request
	Limits      Limits
	SLO         SLO
	Regression  *Regression // nil: an A/B test is judged by the defaults
	// Options holds, for each of Targets, all its options by their names.
	Options map[string]map[string]string

	// Dir is the folder that relative paths in the file begin at, absolute. The paths
	// in the fields above are absolute.
	Dir string
	// Written is what the file says, by field, where variables of the environment stand
	// in it, as in "Bearer ${TOKEN}"; the fields above hold their values.
	Written map[string]string
	// Secrets knows the values that must not be written down.
	Secrets *secret.Keeper
	// Source knows where the fields above stand; nil: nobody does.
	Source *Source
}

// Workload is the server under test: the reference server, or the user's own by
// Command, Image or both; none of them where every target's server runs already.
type Workload struct {
	Server  string   // "reference", or "" for the user's own
	Model   string   // the model's name on the server: the first answer's, and that of a phase that names none; with a Template, the one that the reference server is started with
	Command []string // argument vector, as written in the file
	Image   string   // container image, by reference or by the path of a tarball
	Env     []string // KEY=VALUE pairs
	Ready   string   // path that answers 2xx when the server is ready
	// StartTimeout bounds a deployment until it is ready.
	StartTimeout time.Duration
	// Clock configures the reference server's model clock; nil: its default.
	Clock *clock.Config
	// Delay is how much later the reference server answers every request; 0: not.
	Delay time.Duration
}

// ReferenceServer is the Workload.Server that stands for servebench's own
// inference server.
const ReferenceServer = "reference"

// Data is the synthetic data that the requests are made from; the zero value where
// a Template is sent.
type Data struct {
	Generator string
	Batch     int                // examples per request
	Corpus    int                // distinct requests
	Params    map[string]float64 // all of the generator's, by their names
}

// Phase is one stretch of load.
type Phase struct {
	Name        string
	Model       string // asked for, by its name on the server
	Arrivals    string // of the arrivals, a name from package arrivals; "" of a closed loop
	Rate        Rate   // mean, or as the arrival process has it (see arrivals.Config); 0 of a closed loop
	Concurrency int    // of a closed loop; 0: an open one
	Think       *Think // of the workers; nil: not at all
	Duration    time.Duration
	Measure     bool // false: a warm-up, kept apart from every figure

	// What some arrival processes take, as in arrivals.Config; the zero values where the arrival process does
	// not.
	To         Rate
	Steps      int
	At, For    time.Duration
	Amplitude  Rate
	Period     time.Duration
	Burstiness float64
	Trace      *Trace
	Gaps       string

	Mix []Class // the classes of request; none: all are alike
}

// Class is one kind of request of a phase.
type Class struct {
	Name   string
	Weight int // its share of the requests, in relation to the others'
	Model  string
	Batch  int // examples per request
}

// Think is how long a worker of a closed loop thinks before it asks again.
type Think struct {
	Mean         time.Duration
	Distribution string // ExponentialThink or ConstantThink
}

// How a think time is spread.
const (
	ExponentialThink = "exponential"
	ConstantThink    = "constant"
)

// Abort are the conditions that end a phase before its time; the zero value of
// one never holds.
type Abort struct {
	Errors   *float64      // fraction of the requests, above which
	P99      time.Duration // of the response time, above which
	InFlight int           // requests in flight at once, above which
	For      time.Duration // at least 1 s: how much of the time before is looked at
}

// Limits are the resources that every target gets.
type Limits struct {
	CPUs   int           // at least 1
	Memory targets.Bytes // 0: no limit
}

// Models are the names of the models that the run asks, each once: the one of
// the first answer, then those of the phases in their order.
func (s *Scenario) Models() []string {
	names := []string{s.Workload.Model}
	for _, p := range s.Load {
		for _, c := range s.Classes(p) {
			if !slices.Contains(names, c.Model) {
				names = append(names, c.Model)
			}
		}
	}
	return names
}

// Requests are the kinds of request that the run makes, each once: that of the
// first answer, which has no name, then those of the phases in their order; without
// their weights.
func (s *Scenario) Requests() []Class {
	all := []Class{{Model: s.Workload.Model, Batch: s.Data.Batch}}
	for _, p := range s.Load {
		for _, c := range s.Classes(p) {
			if c.Weight = 0; !slices.Contains(all, c) {
				all = append(all, c)
			}
		}
	}
	return all
}

// Classes are the classes of a phase's Mix; without one, the only kind of request
// that there is, which has no name.
func (s *Scenario) Classes(p Phase) []Class {
	if p.Mix == nil {
		return []Class{{Model: p.Model, Batch: s.Data.Batch}}
	}
	return p.Mix
}
