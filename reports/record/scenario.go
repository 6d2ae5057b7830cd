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
	Noop  string `json:"noop" redact:"-"`  // the phase whose model answers without computing
	Model string `json:"model" redact:"-"` // the phase with the real one
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

// SLO holds the limits a scenario sets; the zero value of a field sets none.
type SLO struct {
	P50       time.Duration `json:"p50_ns,omitempty"`
	P90       time.Duration `json:"p90_ns,omitempty"`
	P99       time.Duration `json:"p99_ns,omitempty"`
	P999      time.Duration `json:"p999_ns,omitempty"`
	Errors    *float64      `json:"errors,omitempty"`    // fraction of requests sent, at most
	Agreement *float64      `json:"agreement,omitempty"` // fraction of answers checked, at least
	Accuracy  *float64      `json:"accuracy,omitempty"`  // fraction of answers labelled, at least
	Service   Quantiles     `json:"service,omitzero"`    // of the service time
	// FirstByte limits the time to first byte, from when a request was due to the first
	// byte of its answer's body, which is recorded where it has a limit.
	FirstByte Quantiles `json:"first_byte,omitzero"`
	// Goodput is answers per second, as counted in Cell.Good, at least.
	Goodput float64 `json:"goodput,omitempty"`
	// ColdStart is how long any start may take up to its first answer.
	ColdStart time.Duration `json:"cold_start_ns,omitempty"`
}

// Quantiles are the most that quantiles of a time may be; 0 sets no limit.
type Quantiles struct {
	P50  time.Duration `json:"p50_ns,omitempty"`
	P90  time.Duration `json:"p90_ns,omitempty"`
	P99  time.Duration `json:"p99_ns,omitempty"`
	P999 time.Duration `json:"p999_ns,omitempty"`
}

// Response are the limits of the response time.
func (s SLO) Response() Quantiles { return Quantiles{s.P50, s.P90, s.P99, s.P999} }

// Deadline is the response time within which a single answer counts as good:
// the limit of the highest quantile that has one; 0 when there is none.
func (s SLO) Deadline() time.Duration {
	for _, limit := range []time.Duration{s.P999, s.P99, s.P90, s.P50} {
		if limit > 0 {
			return limit
		}
	}
	return 0
}
