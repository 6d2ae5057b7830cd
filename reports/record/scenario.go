package record

import "time"

// Scenario is the part of the scenario that reports need.
type Scenario struct {
	Name        string `json:"name" redact:"-"`
	Description string `json:"description"`
	Text        string `json:"text" redact:"-"` // the resolved scenario as YAML: run again, it gives this run
	// Dir is the folder of the scenario's file, absolute; the paths in Text are so as
	// well, and those of two checkouts differ in it alone.
	Dir string `json:"dir,omitempty"`
	// Variables are keyed hashes of the values of the environment's variables that the
	// Text has in it, by their names.
	Variables map[string]string `json:"variables,omitempty"`
	Seed      uint64            `json:"seed"`
	Rounds    int               `json:"rounds"`
	Phases    []Phase           `json:"phases"`
	SLO       SLO               `json:"slo"`
	Payloads  string            `json:"payloads" redact:"-"` // SHA-256 of the corpus's request bytes, hex; with several models, of their corpora's SHA-256s in hex, one after the other
	Corpus    int               `json:"corpus"`              // distinct requests
	Batch     int               `json:"batch"`               // examples per request
	// Template names the request that the scenario writes out, "GET /", where no model
	// is asked and nothing is known of a right answer but what the scenario expects;
	// "" where requests are made from data for a model.
	Template string `json:"template,omitempty"`
	// ColdStarts is how often each target was to be deployed for its cold start
	// alone, after the rounds of load.
	ColdStarts int       `json:"cold_starts,omitempty"`
	Overhead   *Overhead `json:"overhead,omitempty"`
}

// Overhead names the two phases, the same but for their models, by which a request's
// time is split into what the target costs and what the model does.
type Overhead struct {
	// The phase whose model answers without computing.
	Noop string `json:"noop" redact:"-" key:"noop,required" format:"name"`
	// The phase that asks the real model.
	Model string `json:"model" redact:"-" key:"model,required" format:"name"`
}

// Phase is one stretch of load.
type Phase struct {
	Name     string        `json:"name" redact:"-"`
	Model    string        `json:"model"`               // asked for, by its name on the server
	Arrivals string        `json:"arrivals" redact:"-"` // "poisson"; "" of a closed loop
	Rate     float64       `json:"rate"`                // mean, per second; 0 of a closed loop
	Duration time.Duration `json:"duration_ns"`
	Measured bool          `json:"measured"` // false: warm-up, kept apart from every figure
	Open     bool          `json:"open"`     // open loop: arrivals do not wait for answers
	// Concurrency is how many workers a closed loop has, each of which waits for its
	// answer and thinks before it asks again; Think says how long ("10 ms,
	// exponential"), "" for not at all.
	Concurrency int    `json:"concurrency,omitempty"`
	Think       string `json:"think,omitempty"`
	// Steps are the stretches of an arrival process that has them, each of one rate.
	Steps []Step `json:"steps,omitempty"`
	// Mix are the classes of request, where there are several.
	Mix []Class `json:"mix,omitempty"`
}

// Phase is the phase of that name; of one that there is not, a Phase with its name alone.
func (r *Run) Phase(name string) Phase {
	for _, p := range r.Scenario.Phases {
		if p.Name == name {
			return p
		}
	}
	return Phase{Name: name}
}

// AbortOn are the conditions that end a phase before its time; the zero value of one never
// holds. The load engine looks at them several times a second.
type AbortOn struct {
	// End the phase when more than this fraction of the requests due within the last for
	// have failed.
	Errors *float64 `key:"errors" default:"none" format:"fraction"`
	// End the phase when more than 1% of the requests due within the last for took longer
	// than this from their due time, including requests still waiting for an answer.
	P99 time.Duration `key:"p99" default:"none"`
	// End the phase when more requests than this are in flight.
	InFlight int `key:"in_flight" default:"none" min:"1" max:"100000"`
	// The window that errors and p99 look back over; at least 1s.
	For time.Duration `key:"for" default:"5s"`
}

// Step is a stretch of a phase at one rate.
type Step struct {
	Start    time.Duration `json:"start_ns"` // from the phase's start
	Duration time.Duration `json:"duration_ns"`
	Rate     float64       `json:"rate"` // mean, per second
}

// Class is one class of request of a mix.
type Class struct {
	Name  string  `json:"name" redact:"-"`
	Model string  `json:"model"`
	Batch int     `json:"batch"` // examples per request
	Share float64 `json:"share"` // of the requests
}
