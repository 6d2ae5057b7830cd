package record

import (
	"embed"
	"time"
)

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
	// Server names what the targets start and was asked, with its models: "reference
	// server, model credit", "image scorer:1.4 (sha256:1b7a0c2d3e4f)"; "" where they start
	// nothing, and in an A/B test, whose variants say it.
	Server string  `json:"server,omitempty"`
	Seed   uint64  `json:"seed"`
	Rounds int     `json:"rounds"`
	Phases []Phase `json:"phases"`
	SLO    SLO     `json:"slo"`
	Requests
	// Template names the request that the scenario writes out, "GET /", where no model
	// is asked and nothing is known of a right answer but what the scenario or its data
	// expects; "" where requests are made from data for a model.
	Template string `json:"template,omitempty"`
	// Data is the file that the requests were made from; nil: there is none.
	Data *DataFile `json:"data,omitempty"`
	// ModelFile is the file of the model that the reference server serves; nil: it is built
	// in, or the server is another.
	ModelFile *ModelFile `json:"model_file,omitempty"`
	// ColdStarts is how often each target was to be deployed for its cold start
	// alone, after the rounds of load.
	ColdStarts int       `json:"cold_starts,omitempty"`
	Overhead   *Overhead `json:"overhead,omitempty"`
	// Faults are what was to be injected in every round, in the scenario's order.
	Faults []Injection `json:"faults,omitempty"`
	// Scaling is how many replicas a target was to run; nil: one.
	Scaling *Scaling `json:"scaling,omitempty"`
	// Monitor is how the answers were to be watched; nil: they were not.
	Monitor *Monitoring `json:"monitor,omitempty"`
	// Drift is how the examples were to change; nil: they were not. Retrain is when the model
	// was to be trained again; nil: it was not. A target can have its own (Run.RetrainOf).
	Drift   *Drift   `json:"drift,omitempty"`
	Retrain *Retrain `json:"retrain,omitempty"`
	// Cost is what SLO.CostPerMillion is judged by; nil: the scenario does not say.
	Cost *Cost `json:"cost,omitempty"`
}

// Requests are what is sent.
type Requests struct {
	Payloads string `json:"payloads" redact:"-"` // SHA-256 of the corpus's request bytes, hex; with several models, of their corpora's SHA-256s in hex, one after the other
	Corpus   int    `json:"corpus"`              // distinct requests
	Batch    int    `json:"batch"`               // examples per request
}

// Distinct is how many different examples there are at most.
func (r Requests) Distinct() int64 { return int64(r.Corpus) * int64(max(r.Batch, 1)) }

// DataFile is a file of records that requests are made from.
type DataFile struct {
	Name    string `json:"name"`               // without its folder
	SHA256  string `json:"sha256" redact:"-"`  // of its bytes, in hexadecimal
	Bytes   int64  `json:"bytes"`              // its length
	Records int    `json:"records"`            // that it holds
	InOrder bool   `json:"in_order,omitempty"` // they were sent as they stand in it, in each phase from its beginning
	// Label and Expect are the columns of the outcome observed and of right answers; "":
	// there is none.
	Label  string `json:"label,omitempty"`
	Expect string `json:"expect,omitempty"`
}

// ModelFile is the file of a model.
type ModelFile struct {
	Name   string `json:"name"`              // without its folder
	SHA256 string `json:"sha256" redact:"-"` // of its bytes, in hexadecimal
	Bytes  int64  `json:"bytes"`             // its length
}

// Overhead names the two phases, the same but for their models, by which a request's
// time is split into what the target costs and what the model does.
type Overhead struct {
	// The phase whose model answers without computing.
	Noop string `json:"noop" redact:"-" key:"noop,required" format:"name"`
	// The phase that asks the real model.
	Model string `json:"model" redact:"-" key:"model,required" format:"name"`
}

// Injection is a fault that is injected in every round while a phase's load is sent.
type Injection struct {
	// What happens to the server. Each target can inject the kinds that make sense there.
	Kind string `json:"kind" redact:"-" key:"kind,required" choice:"fault"`
	// The phase during which it happens.
	Phase string `json:"phase" redact:"-" key:"phase" absent:"the first one that is measured" format:"name"`
	// When it happens, from the start of the phase.
	At time.Duration `json:"at_ns" key:"at,required" min:"0"`
	// How long it lasts, if it is of a kind that lasts.
	For time.Duration `json:"for_ns,omitempty" key:"for" absent:"until the end of the phase"`
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
	// Injected are the faults that the server injects into its requests on purpose: "wrong=1%".
	Injected []string `json:"injected,omitempty" redact:"-"`
}

// TargetCPUs is how many CPUs the targets of a run were given; 0 when the record does
// not say, as of servers that ran already.
func (r *Run) TargetCPUs() int {
	return r.Environment.Named(FactTargetCPUs).Count
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

// Scaling says how many replicas of the server run at a time, and what decides that; the
// zero value is one replica.
type Scaling struct {
	// The fewest replicas.
	Min int `json:"min" key:"min" default:"1" min:"1" max:"1000"`
	// The most replicas. If it is equal to min, their number is fixed.
	Max int `json:"max" key:"max" absent:"min" min:"1" max:"1000"`
	// What the autoscaler looks at, on Kubernetes: cpu or memory, in relation to limits.cpus
	// and limits.memory, or the name of a metric of the pods that the cluster serves
	// (custom.metrics.k8s.io). The local Lambda starts an environment for each concurrent
	// request, and ignores metric and target.
	Metric string `json:"metric,omitempty" key:"metric" absent:"cpu, if max is above min" format:"word" want:"cpu, memory or the name of a metric"`
	// The value of the metric that the autoscaler aims at: for cpu and memory the mean
	// utilization of the replicas, such as 60%; for other metrics their mean per replica,
	// such as 100.
	Target float64 `json:"target,omitempty" key:"target" absent:"60% for cpu and memory" format:"mean"`
	// How long the load has to be lower before replicas are removed: the scale-down
	// stabilization window of a HorizontalPodAutoscaler.
	Stabilization time.Duration `json:"stabilization_ns,omitempty" key:"stabilization" absent:"the target's own"`
}

// Varies reports whether the number of replicas follows the load.
func (s Scaling) Varies() bool { return s.Max > s.Min }

// The metrics of Scaling whose targets are fractions of the limits.
const (
	ScalingCPU    = "cpu"
	ScalingMemory = "memory"
)

// OfLimits reports whether the metric is a utilization of the limits.
func (s Scaling) OfLimits() bool { return s.Metric == ScalingCPU || s.Metric == ScalingMemory }

// SLO holds the limits that a run is judged by; the zero value of a field sets none. It is
// a part of a scenario as well: the fields' tags and comments make its keys there.
type SLO struct {
	// The limit of the 50th percentile of the response time, measured from the due time.
	P50 time.Duration `json:"p50_ns,omitempty" key:"p50" default:"none" unit:"ms"`
	// The limit of the 90th percentile of the response time, measured from the due time.
	P90 time.Duration `json:"p90_ns,omitempty" key:"p90" default:"none" unit:"ms"`
	// The limit of the 99th percentile of the response time, measured from the due time.
	P99 time.Duration `json:"p99_ns,omitempty" key:"p99" default:"none" unit:"ms"`
	// The limit of the 99.9th percentile of the response time, measured from the due time.
	P999 time.Duration `json:"p999_ns,omitempty" key:"p999" default:"none" unit:"ms"`
	// Limits of the service time, from sending a request to the end of its answer.
	Service Quantiles `json:"service,omitzero" key:"service,omitzero" default:"none"`
	// Limits of the time to first byte, from a request's due time to the first byte of its
	// answer's body. In a stream that need not be the first token: it can be a comment or a
	// role. It is recorded only if it is limited here.
	FirstByte Quantiles `json:"first_byte,omitzero" key:"first_byte,omitzero" default:"none"`
	// The largest fraction of requests that may fail.
	Errors *float64 `json:"errors,omitempty" key:"errors" default:"none" format:"fraction"`
	// The fewest good answers per second in every measured phase: correct and within the
	// limit of the highest of the quantiles p50 to p999 that has one. It takes three rounds
	// to judge.
	Goodput float64 `json:"goodput,omitempty" key:"goodput" default:"none" format:"rate"`
	// The least capacity, in requests per second: the highest rate at which a search
	// certifies that the rest of the slo holds. Only servebench capacity measures it.
	Capacity float64 `json:"capacity,omitempty" key:"capacity" default:"none" format:"rate"`
	// The most that a million requests may cost, in US dollars, by the key cost. Only servebench
	// capacity measures what it takes.
	CostPerMillion float64 `json:"cost_per_million,omitempty" key:"cost_per_million" default:"none" format:"dollars"`
	// The smallest fraction of answers that equal what the model predicts offline; only
	// known for the reference server.
	Agreement *float64 `json:"agreement,omitempty" key:"agreement" default:"none" format:"fraction"`
	// The smallest fraction of answers that equal the label of the example.
	Accuracy *float64 `json:"accuracy,omitempty" key:"accuracy" default:"none" format:"fraction"`
	// The longest any start of the server may take until its first correct answer, including
	// those of cold_starts.
	ColdStart time.Duration `json:"cold_start_ns,omitempty" key:"cold_start" default:"none"`
}

// OfSearch reports whether there is a limit that takes a search for the capacity.
func (s SLO) OfSearch() bool { return s.Capacity > 0 || s.CostPerMillion > 0 }

// Quantiles are the most that quantiles of a time may be; 0 sets no limit.
type Quantiles struct {
	// The limit of the 50th percentile.
	P50 time.Duration `json:"p50_ns,omitempty" key:"p50" default:"none" unit:"ms"`
	// The limit of the 90th percentile.
	P90 time.Duration `json:"p90_ns,omitempty" key:"p90" default:"none" unit:"ms"`
	// The limit of the 99th percentile.
	P99 time.Duration `json:"p99_ns,omitempty" key:"p99" default:"none" unit:"ms"`
	// The limit of the 99.9th percentile.
	P999 time.Duration `json:"p999_ns,omitempty" key:"p999" default:"none" unit:"ms"`
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

// KeySource are the files whose comments say what the keys mean that a scenario shares with
// the record.
//
//go:embed scenario.go cost.go monitor.go
var KeySource embed.FS
