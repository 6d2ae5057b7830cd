// Package record is the durable run: everything a report or a gate needs, on
// disk, so that it can be made again without the engine, the targets or the
// scenario. A run is a folder:
//
//	run.json          this package's Run
//	cells/*.hlog      HdrHistogram interval logs (V2), one per cell
//	cells/*.vegeta    vegeta's own result stream, on request
//
// It stands between scenarios, which write it, and reports, which read it.
package record

import "time"

// Schema is the version of run.json. A reader refuses others.
const Schema = "servebench.run/v5"

// Run is one run of one scenario.
type Run struct {
	Schema   string    `json:"schema"`
	ID       string    `json:"id"`
	Created  time.Time `json:"created"`
	Finished time.Time `json:"finished"`
	// Version of the servebench that made it.
	Version string `json:"version"`
	// Command is the command line that repeats it.
	Command     []string `json:"command"`
	Scenario    Scenario `json:"scenario"`
	Environment []Fact   `json:"environment"` // the host, and what the generator was given
	Targets     []Target `json:"targets"`     // in the scenario's order
	Cells       []Cell   `json:"cells"`       // in the order they were run
	// Preflight is what this machine cannot give the load that was asked for, found
	// before any of it was sent; none of it was, then.
	Preflight []Preflight `json:"preflight,omitempty"`
	// Calibration is what the load generator was found to be able to do on this
	// machine; nil: it was not calibrated.
	Calibration *Calibration `json:"calibration,omitempty"`
	// Duet says that the run compares two servers, its two targets; nil: it does not.
	Duet *Duet `json:"duet,omitempty"`
	// Interrupted says why the run ended before its plan did; "" when it did not.
	Interrupted string `json:"interrupted,omitempty"`
	// Faults are what went wrong while it was run, in that order.
	Faults []Fault `json:"faults,omitempty"`
	// Dir is the run's folder, where Create made it or Open found it.
	Dir string `json:"-"`
}

// Fault is one thing that went wrong while the run was made: a server that did
// not come up, a phase that could not be played, a file that could not be
// written. Target, Phase and Round say where, as far as it has a place.
type Fault struct {
	Target string `json:"target,omitempty"`
	Phase  string `json:"phase,omitempty"`
	Round  int    `json:"round,omitempty"` // from 1
	Text   string `json:"text"`
}

// Preflight is one thing that the load generator needs and does not get.
type Preflight struct {
	Rule      string `json:"rule"`      // a stable identifier: "descriptors", "ports", "cpu-set"
	Figure    string `json:"figure"`    // "64 open files"
	Threshold string `json:"threshold"` // "≥ 532"
	Text      string `json:"text"`      // one sentence with the figure in it
	Action    string `json:"action"`    // what to do
}

// Calibration is what "servebench calibrate" found out about the load generator
// on this machine, with a server that answers at once.
type Calibration struct {
	Created time.Time `json:"created"`
	Version string    `json:"version"` // of the servebench that made it
	// MaxRate is the highest rate, in requests per second with Poisson arrivals, at
	// which the generator was still VALID.
	MaxRate float64 `json:"max_rate"`
	Floors  []Floor `json:"floors"` // by ascending rate
}

// Floor is the response time that the instrument, the kernel and loopback take
// of themselves at a rate: of OK requests, from due to done.
type Floor struct {
	Rate float64       `json:"rate"` // per second
	N    int64         `json:"n"`
	P50  time.Duration `json:"p50_ns"`
	P90  time.Duration `json:"p90_ns"`
	P99  time.Duration `json:"p99_ns"`
	P999 time.Duration `json:"p999_ns"` // 0: n too small
}

// Scenario is the part of the scenario that reports need.
type Scenario struct {
	Name        string  `json:"name"`
	Description string  `json:"description"`
	Text        string  `json:"text"` // the resolved scenario as YAML: run again, it gives this run
	Seed        uint64  `json:"seed"`
	Rounds      int     `json:"rounds"`
	Phases      []Phase `json:"phases"`
	SLO         SLO     `json:"slo"`
	Payloads    string  `json:"payloads"` // SHA-256 of the corpus's request bytes, hex; with several models, of their corpora's SHA-256s in hex, one after the other
	Corpus      int     `json:"corpus"`   // distinct requests
	Batch       int     `json:"batch"`    // examples per request
	// Template names the request that the scenario writes out, "GET /", where no model
	// is asked and nothing is known of a right answer but what the scenario expects;
	// "" where requests are made from data for a model.
	Template string `json:"template,omitempty"`
	// Deploys is how often each target was to be deployed for its cold start
	// alone, after the rounds of load.
	Deploys int  `json:"deploys,omitempty"`
	Tax     *Tax `json:"tax,omitempty"`
}

// Tax names the two phases, the same but for their models, by which a request's
// time is split into what the place costs and what the model does.
type Tax struct {
	Noop  string `json:"noop"`  // the phase whose model answers without computing
	Model string `json:"model"` // the phase with the real one
}

// Phase is one stretch of load.
type Phase struct {
	Name     string        `json:"name"`
	Model    string        `json:"model"` // asked for, by its name on the server
	Law      string        `json:"law"`   // "poisson"; "" of a closed loop
	Rate     float64       `json:"rate"`  // mean, per second; 0 of a closed loop
	Duration time.Duration `json:"duration_ns"`
	Measured bool          `json:"measured"` // false: warm-up, kept apart from every figure
	Open     bool          `json:"open"`     // open loop: arrivals do not wait for answers
	// Callers is how many callers a closed loop has, each of which waits for its
	// answer and thinks before it asks again; Think says how long ("10 ms,
	// exponential"), "" for not at all.
	Callers int    `json:"callers,omitempty"`
	Think   string `json:"think,omitempty"`
	// Steps are the stretches of a law that has them, each of one rate.
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
	Name  string  `json:"name"`
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
	// TTFT limits the time to first token, from when a request was due to the first
	// byte of its answer's body, which is recorded where it has a limit.
	TTFT Quantiles `json:"ttft,omitzero"`
	// Goodput is answers per second, as counted in Cell.GoodInTime, at least.
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

// Target is one deployment target of the run.
type Target struct {
	Name string `json:"name"`
	// Unavailable says why it could not run here and what would make it so;
	// "" when it ran.
	Unavailable string `json:"unavailable,omitempty"`
	// Running says that the server ran already and was not started here: there are
	// no cold starts and no limits of the scenario's on it.
	Running bool   `json:"running,omitempty"`
	Facts   []Fact `json:"facts,omitempty"`
	// Deployments are the starts, one per visit, in the order they were made.
	Deployments []Deployment `json:"deployments,omitempty"`
}

// Deployment is one start of the server on a target.
type Deployment struct {
	Round   int     `json:"round"`
	Attempt int     `json:"attempt,omitempty"` // as of a Visit
	Alone   bool    `json:"alone,omitempty"`   // made for the cold start alone, without load
	Stages  []Stage `json:"stages"`            // ascending; the last one of a good start is FirstAnswer; none of a Running target
	// Preparation is what the Stages leave out: how long it took before to put the
	// image, the initial file system or the service in place. 0: nothing had to be,
	// or the server did not come up.
	Preparation time.Duration `json:"preparation_ns,omitempty"`
	// FirstAnswerError says why the first request to a server that came up was not
	// answered rightly; its Stages end without FirstAnswer then.
	FirstAnswerError string `json:"first_answer_error,omitempty"`
	// Failed says why it did not come up or ended before it was told to,
	// quoting the end of its output; "" when all went well.
	Failed string `json:"failed,omitempty"`
}

// FirstAnswer is the last stage of a good start: the first model answer.
const FirstAnswer = "first answer"

// Stage is one point of a start, counted from the moment all that the start needs was in place.
type Stage struct {
	Name string        `json:"name"`
	At   time.Duration `json:"at_ns"`
}

// Fact is a named value of the host, the generator or a target.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Unequal marks what could not be made equal between targets.
	Unequal bool `json:"unequal,omitempty"`
}

// Cell is one target × phase × round. Of a visit that was played again there is
// one for each attempt, of which the last alone is not set aside.
type Cell struct {
	Target   string `json:"target"`
	Phase    string `json:"phase"`
	Round    int    `json:"round"`             // from 1
	Attempt  int    `json:"attempt,omitempty"` // as of a Visit
	Measured bool   `json:"measured"`
	// SetAside says why the instrument could not be believed in this visit, which
	// was played again therefore; "" in the cells that count.
	SetAside string `json:"set_aside,omitempty"`
	// Failed says why the cell's record is incomplete; "" when it is whole. Its
	// log may be cut off.
	Failed string `json:"failed,omitempty"`
	// Stopped says that somebody ended the sending before the schedule did.
	Stopped bool `json:"stopped,omitempty"`
	// Aborted says which condition of the scenario's ended the sending before the
	// schedule did, with the figure; "" when none did.
	Aborted  string        `json:"aborted,omitempty"`
	Started  time.Time     `json:"started"`    // the due time's zero
	Span     time.Duration `json:"span_ns"`    // length of the schedule
	Elapsed  time.Duration `json:"elapsed_ns"` // until the last request was done or given up
	Offered  float64       `json:"offered"`    // per second: scheduled / span
	Achieved float64       `json:"achieved"`   // per second, as sent
	Ledger   Ledger        `json:"ledger"`
	Errors   []ErrorCount  `json:"errors,omitempty"` // most frequent first
	Answers  Answers       `json:"answers"`
	// Good counts the answers that are correct and came within the SLO's
	// Deadline of their due time.
	Good int64 `json:"good"`
	// Window is what answers per second are counted over: the Span, or less of it
	// where the sending was ended before. Answers that came later are in no
	// throughput: they are worked off without load.
	Window     time.Duration `json:"window_ns"`
	InTime     int64         `json:"in_time"`      // OK requests done by the end of the Window
	GoodInTime int64         `json:"good_in_time"` // and counted in Good
	Usage      Usage         `json:"usage"`
	Instrument Instrument    `json:"instrument"`
	Machine    Machine       `json:"machine"`
	Slices     []Slice       `json:"slices"`
	// Classes are the ledgers of the phase's Mix, in its order.
	Classes []ClassCount `json:"classes,omitempty"`
	Log     string       `json:"log"` // the interval log, relative to the run's folder
}

// Ledger accounts for every request of a schedule:
// Scheduled ≥ Sent = OK + Failed + Censored.
type Ledger struct {
	Scheduled int64 `json:"scheduled"`
	Sent      int64 `json:"sent"`
	OK        int64 `json:"ok"`       // a correct answer
	Failed    int64 `json:"failed"`   // an error or a wrong answer, see Errors
	Censored  int64 `json:"censored"` // still in flight when the drain ended
}

// ClassCount is the ledger of one class of request.
type ClassCount struct {
	Name   string `json:"name"`
	Ledger Ledger `json:"ledger"`
}

// ErrorCount counts one class of failures.
type ErrorCount struct {
	Class   string `json:"class"` // ErrorTimeout …, "status 503", "decode", "wrong answer"
	Count   int64  `json:"count"`
	Example string `json:"example"` // the first one's text
}

// Answers counts the model's answers, per example, not per request.
type Answers struct {
	Checked  int64 `json:"checked"`  // compared with the model's offline prediction
	Agreed   int64 `json:"agreed"`   // and equal to it
	Labelled int64 `json:"labelled"` // compared with the example's label
	Correct  int64 `json:"correct"`  // and equal to it
}

// Usage is what the whole target, virtualisation included, spent on the cell.
type Usage struct {
	CPU      time.Duration `json:"cpu_ns"`
	Resident int64         `json:"resident_bytes"` // at the cell's end
	Known    bool          `json:"known"`
	// Meters are what the place itself counted meanwhile, such as what it would
	// bill.
	Meters []Meter `json:"meters,omitempty"`
}

// Meter is a count of the place itself.
type Meter struct {
	Name  string  `json:"name"`           // "billed duration"
	Unit  string  `json:"unit,omitempty"` // "ms"; "" for a plain count
	Value float64 `json:"value"`
}

// Instrument is what the generator knows about itself during the cell.
type Instrument struct {
	CPUs int           `json:"cpus"`   // how many it was given
	CPU  time.Duration `json:"cpu_ns"` // user + system it spent, the wait for the last answers included
	// SendingTime is how long it was sending, from its own start until the last
	// request was sent; SendingCPU is the CPU that it spent in that time, user +
	// system, without Polling. 0: not known.
	SendingTime time.Duration `json:"sending_ns"`
	SendingCPU  time.Duration `json:"sending_cpu_ns"`
	// Polling is the CPU that it spent meanwhile, at least, on looking whether the
	// next request is due: it gives way to all other work.
	Polling    time.Duration `json:"polling_ns"`
	GCPause    time.Duration `json:"gc_pause_ns"` // sum of stop-the-world pauses
	GCPauseMax time.Duration `json:"gc_pause_max_ns"`
	GCCycles   int64         `json:"gc_cycles"`
	// SchedP99 and SchedMax tell how long goroutines of the generator that were
	// ready to run waited for a thread (runtime/metrics, /sched/latencies:seconds:
	// upper bounds of its buckets).
	SchedP99   time.Duration `json:"sched_p99_ns"`
	SchedMax   time.Duration `json:"sched_max_ns"`
	Attackers  int           `json:"attackers"` // loops that shared the load
	Gaps       Gaps          `json:"gaps"`
	Workers    int           `json:"workers"`      // most requests in flight at once
	WorkerCap  int           `json:"worker_cap"`   // and how many it allowed
	Dials      int64         `json:"dials"`        // connections opened
	Retries    int64         `json:"retries"`      // requests sent again because the server had closed an idle connection
	Stalls     int64         `json:"stalls"`       // times the recording had to wait for the disk
	OutOfRange int64         `json:"out_of_range"` // values a histogram could not hold
}

// Gaps compares the gaps between the requests sent, in the order they were due,
// with those of the schedule, by their squared coefficients of variation
// (variance ÷ mean²): 0 of equal gaps, 1 of a Poisson process.
type Gaps struct {
	N       int64   `json:"n"` // gaps compared; 0: not known
	Planned float64 `json:"planned_scv"`
	Sent    float64 `json:"sent_scv"`
}

// Machine is what the CPUs of the whole machine did during the cell, as shares of
// all their time.
type Machine struct {
	Known bool `json:"known"`
	// Stolen is the share that a hypervisor gave to other guests instead.
	Stolen float64 `json:"stolen"`
	// Busy is the share spent on all processes and the kernel.
	Busy float64 `json:"busy"`
}

// Slice is one second of the schedule, by due time.
type Slice struct {
	Start     time.Duration `json:"start_ns"` // from the cell's Started
	Scheduled int64         `json:"scheduled"`
	Sent      int64         `json:"sent"`
	OK        int64         `json:"ok"`
	Failed    int64         `json:"failed"`
	Censored  int64         `json:"censored"`
	InFlight  int64         `json:"in_flight"` // most at once
}

// The tags of the histograms in a cell's interval log. Values are nanoseconds.
// Each interval is one second of the schedule, by due time.
const (
	TagResponse = "response" // done − due, of OK requests
	TagService  = "service"  // done − sent, of OK requests
	TagLag      = "lag"      // sent − due, of every request sent
	TagTTFT     = "ttft"     // first byte of the body − due, of OK requests; where the SLO limits it
	TagFailed   = "failed"   // done − due, of failed requests
	TagCensored = "censored" // given up − due, of censored requests: at least this long
)

// TagOfClass is the tag of the response times of one class of a mix, done − due of
// its OK requests. They are in TagResponse as well.
func TagOfClass(class string) string { return TagResponse + "/" + class }
