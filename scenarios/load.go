package scenarios

import (
	"time"

	"servebench/scenarios/arrivals"
)

// Phase is one stretch of load.
type Phase struct {
	// The name of the phase in reports and in --set load.NAME.rate=…; no two phases have the
	// same.
	Name string `key:"name,required" format:"name"`
	// The model that the requests of this phase ask, by its name on the server, where that is
	// another than the workload's.
	Model string `key:"model" absent:"workload.model" format:"word" want:"a model's name" choice:"model"`
	// Kinds of request that the phase sends in random order, each as often as its weight
	// says: exactly in proportion in about every hundred requests, not just on average.
	// Reports show each class separately.
	Mix []Class `key:"mix" absent:"none: all requests are alike" least:"1" label:"list of mappings" want:"a list of classes, such as [{name: small, weight: 9}, {name: big, batch: 100}]"`
	// How requests are spread over time.
	Arrivals string `key:"arrivals" absent:"poisson; none with concurrency" choice:"arrival process"` // "" of a closed loop
	arrivals.Config
	// The recording to replay.
	Recording *Trace `key:"trace" absent:"none" want:"a file of arrivals, such as {file: arrivals.txt}"`
	// The number of workers of a closed loop. Each sends a request, waits for the answer,
	// thinks, and sends the next one. This measures the throughput at that concurrency. It
	// says little about response times, because a slow server is asked less often.
	Concurrency int `key:"concurrency" absent:"none; then a rate or a trace is required" min:"1" max:"100000"` // 0: an open loop
	// How long a worker pauses between an answer and its next request.
	Think *Think `key:"think" default:"none"`
	// Faults that the reference server injects into this phase's requests on purpose, to see
	// whether they are noticed and what is made of them, such as wrong=1%: latency=DISTRIBUTION:MEAN,
	// stall=TIME/PERIOD, leak=SIZE, hang=SHARE, drop=SHARE, error=SHARE:STATUS, half-close=SHARE,
	// wrong=SHARE and slow=SIZE/s. Requests ask for them in the header field X-Inject-Fault.
	Inject []string `key:"inject,omitzero" default:"none" format:"injected" least:"1" label:"list of texts" want:"a list of faults, such as [wrong=1%]"`
	// Whether the phase is measured. With false it is a warm-up: it is recorded but enters
	// no figure.
	Measure bool `key:"measure" default:"true"`
}

// Class is one kind of request of a phase.
type Class struct {
	// The name of the class in reports; no two of a phase have the same.
	Name string `key:"name,required" format:"name"`
	// The share of the requests of this class, in relation to the other weights.
	Weight int `key:"weight" default:"1" min:"1" max:"1000"`
	// The model to ask.
	Model string `key:"model" absent:"the phase's" format:"word" want:"a model's name"`
	// The number of examples in one request of the class.
	Batch int `key:"batch" absent:"data.batch" min:"1" max:"10000"`
}

// Trace is a recording of arrivals in a file.
type Trace struct {
	// The file, relative to the scenario file, with one entry per line: the time of one
	// arrival or, with counts, the number of arrivals in one interval. Times are seconds as
	// decimals, or dates as in RFC 3339; they may begin anywhere and must not decrease.
	// Empty lines and lines that begin with # are ignored.
	File string `key:"file,required" format:"file" want:"the path of a file"`
	// The length of the interval in which each line of the file counts the arrivals.
	Counts time.Duration `key:"counts" absent:"times"` // 0: each line is the time of one
	// How many times faster than recorded the trace is replayed, at a proportionally higher
	// rate.
	Speed float64 `key:"speed" default:"1" min:"0.001" max:"1000"`
	// A factor for the number of arrivals. Below 1 arrivals are left out at random, above 1
	// others are inserted between them. A rate beside the trace sets the factor.
	Scale float64 `key:"scale" default:"1" min:"0.001" max:"1000"`
}

// Think is how long a worker of a closed loop thinks before it asks again.
type Think struct {
	// The mean think time.
	Mean time.Duration `key:"mean,required" unit:"ms"`
	// The distribution of think times: exponential, like independent people, or constant.
	Distribution string `key:"distribution" default:"exponential" oneof:"exponential,constant"`
}

// How a think time is spread.
const (
	ExponentialThink = "exponential"
	ConstantThink    = "constant"
)
