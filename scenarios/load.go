package scenarios

import "time"

// Phase is one stretch of load.
type Phase struct {
	// What the reports and --set load.NAME.rate=… call the phase; no two have the same.
	Name string `key:"name,required" format:"name"`
	// The model to ask in this phase, by its name on the server.
	Model string `key:"model" absent:"workload.model" format:"word" want:"a model's name" choice:"model"`
	// The classes of request that are sent among each other, each as often as its weight
	// says: exactly in every hundred or so, shuffled. The reports show each by itself.
	Mix []Class `key:"mix" absent:"no mix: all requests are alike" least:"1" label:"list of mappings" want:"a list of classes, such as [{name: small, weight: 9}, {name: big, batch: 100}]"`
	// How arrivals are spread over time.
	Arrivals string `key:"arrivals" absent:"poisson; none beside concurrency" choice:"arrival process"` // "" of a closed loop
	// Mean number of requests per second; of a ramp the one at its start, of steps the
	// first one, of a spike the one around it, which may be 0. A trace has its own, and
	// is scaled to one that is given.
	Rate float64 `key:"rate" absent:"no rate, for which concurrency or a trace has to be given" format:"rate" min:"0"` // 0 of a closed loop
	// The requests per second at the end of a ramp and in the last one of steps, 0 or
	// more; of a spike, at its height.
	To float64 `key:"to" absent:"none" format:"rate" min:"0"`
	// How many steps there are, as long as each other and of whole seconds; the first one
	// has the rate rate, the last one the rate to.
	Steps int `key:"steps" absent:"none" min:"2" max:"1000"`
	// When the spike begins, from the start of the phase; 0s is its start.
	At time.Duration `key:"at" absent:"none" min:"0"`
	// How long the spike lasts. Where it begins and ends at a whole second, the reports
	// show it separately from what is before and after it.
	For time.Duration `key:"for" absent:"none"`
	// By how many requests per second the rate swings to either side; at most rate.
	Amplitude float64 `key:"amplitude" absent:"none" format:"rate"`
	// How long one swing takes.
	Period time.Duration `key:"period" absent:"none"`
	// The shape of the gaps' gamma distribution, whose squared coefficient of variation
	// is 1/burstiness: 1 as of independent users, below 1 in bursts, above 1 more evenly
	// spread.
	Burstiness float64 `key:"burstiness" absent:"none" min:"0.01" max:"1000"`
	// The recording to replay.
	Trace *Trace `key:"trace" absent:"none" want:"a file of arrivals, such as {file: arrivals.txt}"`
	// How arrivals are spread at a rate that changes, and within the counts of a trace:
	// poisson, as of independent users, or constant; poisson unless given.
	Gaps string `key:"gaps" absent:"none" oneof:"poisson,constant"`
	// How many workers there are, each of which sends a request, waits for its answer,
	// thinks, and sends the next one. It measures how much the server can do for so many,
	// and says little of response times: a slow server is asked less often.
	Concurrency int `key:"concurrency" absent:"no concurrency, for which a rate or a trace has to be given" min:"1" max:"100000"` // 0: an open loop
	// How long a worker thinks after an answer before it asks again.
	Think *Think `key:"think" default:"none"`
	// How long the phase is. A trace is cut there.
	Duration time.Duration `key:"duration" absent:"that of a trace, else required"`
	// Whether the figures count. false makes a warm-up: it is recorded, but kept apart
	// from every figure.
	Measure bool `key:"measure" default:"true"`
}

// Class is one kind of request of a phase.
type Class struct {
	// What the reports call the class; no two of a phase have the same.
	Name string `key:"name,required" format:"name"`
	// How many of the requests are of this class, in relation to the other weights.
	Weight int `key:"weight" default:"1" min:"1" max:"1000"`
	// The model that the class asks.
	Model string `key:"model" absent:"the phase's" format:"word" want:"a model's name"`
	// How many examples one request of the class holds.
	Batch int `key:"batch" absent:"data.batch" min:"1" max:"10000"`
}

// Trace is a recording of arrivals in a file.
type Trace struct {
	// The file, relative to the scenario file, with one entry on each line: the time of
	// one arrival, or with counts the number of arrivals in one interval. Times are
	// seconds as decimals, or dates as in RFC 3339; they begin anywhere and must not
	// fall. Empty lines and lines with a # in front are left out.
	File string `key:"file,required" format:"file" want:"the path of a file"`
	// How long the interval is that each line of the file counts the arrivals of.
	Counts time.Duration `key:"counts" absent:"times"` // 0: each line is the time of one
	// How many times faster than recorded it is replayed; it takes as much less time, at
	// as much higher a rate.
	Speed float64 `key:"speed" default:"1" min:"0.001" max:"1000"`
	// What the number of arrivals is multiplied by, everywhere alike: below 1 some are
	// left out at random, above 1 others come between them. With a rate beside the trace,
	// that decides it.
	Scale float64 `key:"scale" default:"1" min:"0.001" max:"1000"`
}

// Think is how long a worker of a closed loop thinks before it asks again.
type Think struct {
	// How long it is on average.
	Mean time.Duration `key:"mean,required"`
	// How it is spread: exponential, as of independent people, or constant.
	Distribution string `key:"distribution" default:"exponential" oneof:"exponential,constant"`
}

// How a think time is spread.
const (
	ExponentialThink = "exponential"
	ConstantThink    = "constant"
)

// Abort are the conditions that end a phase before its time; the zero value of
// one never holds.
type Abort struct {
	// More than this fraction of the requests that were due in the time of for have failed.
	Errors *float64 `key:"errors" default:"none" format:"fraction"`
	// More than 1% of the requests that were due in the time of for took longer than
	// this, from the moment each was due, those included that still wait for their
	// answer.
	P99 time.Duration `key:"p99" default:"none"`
	// More requests than this are in flight.
	InFlight int `key:"in_flight" default:"none" min:"1" max:"100000"`
	// How much of the time before is looked at, again and again while the load goes on;
	// at least 1s.
	For time.Duration `key:"for" default:"5s"`
}
