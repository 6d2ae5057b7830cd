package record

import (
	"cmp"
	"slices"
	"time"
)

// Cell is one target × phase × round. Of a trial that was rerun there is
// one for each attempt, of which the last alone is not discarded.
type Cell struct {
	Target   string `json:"target" redact:"-"`
	Phase    string `json:"phase" redact:"-"`
	Round    int    `json:"round"`             // from 1
	Attempt  int    `json:"attempt,omitempty"` // as of a Trial
	Measured bool   `json:"measured"`
	// Discarded says why the instrument could not be believed in this trial, which
	// was rerun therefore; "" in the cells that count.
	Discarded string `json:"discarded,omitempty" redact:"-"`
	// Failed says why the cell's record is incomplete; "" when it is whole. Its
	// log may be cut off.
	Failed string `json:"failed,omitempty"`
	// Stopped says that somebody ended the sending before the schedule did.
	Stopped bool `json:"stopped,omitempty"`
	// Aborted says what of the server ended the sending before the schedule did: a
	// condition of abort_on, with the figure, or its own end; "" when nothing did.
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
	// RequestBytes are those of the bodies of the requests sent, AnswerBytes of the bodies of
	// the correct answers; 0: there were none, or an older servebench counted none.
	RequestBytes int64 `json:"request_bytes,omitempty"`
	AnswerBytes  int64 `json:"answer_bytes,omitempty"`
	// Window is when requests were due: the Span, or less of it where the sending was
	// ended before. A request counts in it whenever its answer came.
	Window time.Duration `json:"window_ns"`
	// Overtime is how long a worker of a closed loop waited beyond the Window for its
	// last answer, the mean of all workers. 0 of an open loop.
	Overtime   time.Duration `json:"overtime_ns,omitempty"`
	Usage      Usage         `json:"usage"`
	Instrument Instrument    `json:"instrument"`
	Machine    Machine       `json:"machine"`
	// Slices are the schedule up to where its load ended, without gaps.
	Slices []Slice `json:"slices"`
	// Retries are the requests that the scenario had sent again; the Ledger counts each
	// request once, however often it was sent.
	Retries Retries `json:"retries,omitzero"`
	// Outages are the runs of requests that failed, in the order they were due; the last of
	// very many has the rest.
	Outages []Outage `json:"outages,omitempty"`
	// Classes are the ledgers of the phase's Mix, in its order.
	Classes []ClassCount `json:"classes,omitempty"`
	// Replicas are the instances of the server that answered, in the order of their first
	// answers; none: the answers did not say.
	Replicas []Replica `json:"replicas,omitempty"`
	// Monitor is what was seen of the answers; nil: nobody asked for it.
	Monitor *Monitor `json:"monitor,omitempty"`
	Log     string   `json:"log" redact:"-"` // the interval log, relative to the run's folder
}

// Replica is an instance of the server as its answers show it: they name it in a header
// field, or came from an address that is its alone.
type Replica struct {
	ID string `json:"id"` // "": one that did not say, or beyond what is kept
	// First and Last are when its first and last correct answers were done, from the
	// cell's Started; 0 without any.
	First  time.Duration `json:"first_ns"`
	Last   time.Duration `json:"last_ns"`
	OK     int64         `json:"ok"`
	Failed int64         `json:"failed,omitempty"` // answers that were errors or wrong
	// Before are its answers of the FaultLead before each fault; none: it gave none then, or an
	// older servebench did not count them.
	Before []AnswersBefore `json:"before,omitempty"`
}

// AnswersBefore counts the answers of a replica that were done in the FaultLead before a fault
// was due to be injected.
type AnswersBefore struct {
	Fault   time.Duration `json:"fault_ns"` // from the cell's Started
	Answers int64         `json:"answers"`  // right or not
}

// FaultLead is how long before a fault the answers of each replica are counted.
const FaultLead = 5 * time.Second

// Ledger accounts for every request of a schedule:
// Scheduled ≥ Sent = OK + Failed + Censored. Scheduled counts the whole schedule,
// also what was due after the load was ended, which is in no Slice.
type Ledger struct {
	Scheduled int64 `json:"scheduled"`
	Sent      int64 `json:"sent"`
	OK        int64 `json:"ok"`       // a correct answer
	Failed    int64 `json:"failed"`   // an error or a wrong answer, see Errors
	Censored  int64 `json:"censored"` // given up before its own timeout, because the run was ended
}

// Plus adds two ledgers.
func (l Ledger) Plus(m Ledger) Ledger {
	return Ledger{
		Scheduled: l.Scheduled + m.Scheduled,
		Sent:      l.Sent + m.Sent,
		OK:        l.OK + m.OK,
		Failed:    l.Failed + m.Failed,
		Censored:  l.Censored + m.Censored,
	}
}

// ClassCount is the ledger of one class of request.
type ClassCount struct {
	Name   string `json:"name" redact:"-"`
	Ledger Ledger `json:"ledger"`
}

// ErrorCount counts one class of failures.
type ErrorCount struct {
	Class   string `json:"class" redact:"-"` // ErrorTimeout …, "status 503", "decode", "wrong answer"
	Count   int64  `json:"count"`
	Example string `json:"example"` // the first one's text
}

// Answers counts the model's answers, per example, not per request.
type Answers struct {
	Checked  int64 `json:"checked"`  // compared with the model's offline prediction
	Agreed   int64 `json:"agreed"`   // and equal to it
	Labelled int64 `json:"labelled"` // compared with the example's label
	Correct  int64 `json:"correct"`  // and equal to it
	// Unlike are those labelled that equal no label that the data has, whichever example
	// they answer; Example is the first of them.
	Unlike  int64  `json:"unlike,omitempty"`
	Example Unlike `json:"unlike_example,omitzero"`
}

// Unlike is an answer that equals no label, and the label of its example, both in short.
type Unlike struct {
	Answer     string `json:"answer"`
	AnswerKind string `json:"answer_kind" redact:"-"` // one of the Kinds
	Label      string `json:"label"`
	LabelKind  string `json:"label_kind" redact:"-"`
}

// The kinds of answers and labels.
const (
	KindNumber = "number" // or text that is one
	KindText   = "text"
	KindList   = "list"
	KindClass  = "class" // one of those that have numbers and names
	KindOther  = "other" // an object, true, false or null
)

// Add counts other answers as well.
func (a *Answers) Add(other Answers) {
	a.Checked += other.Checked
	a.Agreed += other.Agreed
	a.Labelled += other.Labelled
	a.Correct += other.Correct
	if a.Unlike == 0 {
		a.Example = other.Example
	}
	a.Unlike += other.Unlike
}

// Usage is what the whole target, virtualisation included, spent in an interval: on a cell.
type Usage struct {
	CPU time.Duration `json:"cpu_ns"` // user + system
	// Resident is what its processes hold of the memory at the end of the interval, pages
	// that they share counted once; where replicas come and go, the most that they held
	// together in the interval.
	Resident int64 `json:"resident_bytes"`
	// Throttled is how long its processes were kept from running since they had used up the
	// CPU time of their quota; 0 also where that is not known, or where they have none.
	Throttled time.Duration `json:"throttled_ns,omitempty"`
	Known     bool          `json:"known"`
	// Unread is how long before its end a replica that is gone was read last, the longest
	// such time and longer than a second: CPU lacks what it used then; 0: it is complete.
	Unread time.Duration `json:"unread_ns,omitempty"`
	// Meters are what the target itself counted meanwhile, such as what it would
	// bill, in the same order at every reading.
	Meters []Meter `json:"meters,omitempty"`
}

// CPUKnown reports whether CPU is what was used, and all of it. Nothing that runs spends no CPU
// time: a zero is a reading that could not be taken.
func (u Usage) CPUKnown() bool { return u.Known && u.CPU > 0 && u.Unread == 0 }

// Add adds the CPU time and memory that another part of the target used.
func (u Usage) Add(other Usage) Usage {
	u.CPU += other.CPU
	u.Resident += other.Resident
	u.Throttled += other.Throttled
	return u
}

// Since is what was used after an earlier reading.
func (u Usage) Since(before Usage) Usage {
	u.CPU -= before.CPU
	u.Throttled -= before.Throttled
	u.Meters = slices.Clone(u.Meters)
	for i, m := range u.Meters {
		for _, was := range before.Meters {
			if was.Name == m.Name {
				u.Meters[i].Value -= was.Value
			}
		}
	}
	return u
}

// Meter is a count of the target itself.
type Meter struct {
	Name  string  `json:"name" redact:"-"`           // "billed duration"
	Unit  string  `json:"unit,omitempty" redact:"-"` // "ms"; "" for a plain count
	Value float64 `json:"value"`
}

// The names of a Lambda service's meters by which a run is judged.
const (
	MeterInvocations = "invocations"
	MeterCompute     = "billed compute" // GB-s

	MeterStarted   = "environments started"
	MeterReady     = "environments ready" // those whose initialisation ended well
	MeterStartWait = "start queue wait"   // for how long requests waited for their turn to start one
	MeterInit      = "init duration"      // what initialisations took so far, those under way included
	MeterInitWait  = "init CPU wait"      // for how long of that they waited for a CPU
)

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
	Workers    int           `json:"workers"`          // most requests in flight at once
	WorkerCap  int           `json:"worker_cap"`       // and how many it allowed
	Dials      int64         `json:"dials"`            // connections opened
	Resent     int64         `json:"resent,omitempty"` // connections whose first packet was lost and sent again
	Retries    int64         `json:"retries"`          // requests sent again because the server had closed an idle connection before they reached it
	Stalls     int64         `json:"stalls"`           // times the recording had to wait for the disk
	OutOfRange int64         `json:"out_of_range"`     // values a histogram could not hold
	// Unprepared counts the requests of a data file that were due before they were read
	// and encoded.
	Unprepared int64    `json:"unprepared,omitempty"`
	Renewals   Renewals `json:"renewals,omitzero"`
}

// Renewals are the requests whose credentials were made anew while the load was sent, since
// they are good for a while only: those of all others were made before it.
type Renewals struct {
	N    int64         `json:"n"`
	Took time.Duration `json:"took_ns"`
	// Due counts those of them that were made when the request was due, so that their time
	// is part of its latency.
	Due int64 `json:"due,omitempty"`
	// Failed says why one could not be made, the last time that happened: requests were
	// sent with credentials older than they may be. "": that never happened.
	Failed string `json:"failed,omitempty"`
}

// Plus adds others, made later.
func (r Renewals) Plus(others Renewals) Renewals {
	return Renewals{N: r.N + others.N, Took: r.Took + others.Took, Due: r.Due + others.Due, Failed: cmp.Or(others.Failed, r.Failed)}
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

// The tags of the histograms in a cell's interval log. Values are nanoseconds.
// Each interval is one of the cell's Slices.
const (
	TagResponse  = "response"   // done − due, of OK requests
	TagService   = "service"    // done − sent, of OK requests
	TagLag       = "lag"        // sent − due, of every request sent
	TagFirstByte = "first_byte" // first byte of the body − due, of OK requests; where the SLO limits it
	TagFailed    = "failed"     // done − due, of failed requests
	TagCensored  = "censored"   // given up − due, of censored requests: at least this long
)

// TagOfClass is the tag of the response times of one class of a mix, done − due of
// its OK requests. They are in TagResponse as well.
func TagOfClass(class string) string { return TagResponse + "/" + class }

// Trial is one deployment of a run: a fresh server on a target, which the load
// of a round is played on.
type Trial struct {
	Target string
	Round  int // from 1
	// Attempt is how often the trial was played before, with the same load: 0 the
	// first time.
	Attempt int
}

// Trial is the one that the cell belongs to.
func (c *Cell) Trial() Trial {
	return Trial{Target: c.Target, Round: c.Round, Attempt: c.Attempt}
}

// The classes of failed requests, beside "status NNN" for an answer with an
// HTTP status other than 2xx, "too long" for one beyond what is checked, and "decode" and
// "wrong answer" for one that could not be read or that differs from the model's
// prediction.
const (
	ErrorTimeout = "timeout" // no complete answer within the timeout
	ErrorRefused = "refused" // the connection
	ErrorClosed  = "closed"  // the connection was closed or reset by the server, with an answer due
	ErrorDNS     = "dns"
	ErrorTLS     = "tls"
	ErrorOther   = "other"

	// The generator's own: the server never saw the request.
	ErrorDescriptors = "descriptors"
	ErrorPorts       = "ports"
)

// SortErrors puts the most frequent class first, and those of the same count in
// the order of their names.
func SortErrors(all []ErrorCount) {
	slices.SortFunc(all, func(a, b ErrorCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Class, b.Class))
	})
}

// AddErrors adds the counts of each class, keeps its first example, and puts the most frequent
// class first.
func AddErrors(a, b []ErrorCount) []ErrorCount {
	all := slices.Clone(a)
	for _, e := range b {
		i := slices.IndexFunc(all, func(have ErrorCount) bool { return have.Class == e.Class })
		if i < 0 {
			all = append(all, e)
			continue
		}
		all[i].Count += e.Count
	}
	SortErrors(all)
	return all
}

// Retries are requests that were sent again after they had failed, as clients do.
type Retries struct {
	Requests int64 `json:"requests"` // that were sent more than once
	Attempts int64 `json:"attempts"` // beyond the first of each request
	OK       int64 `json:"ok"`       // of the Requests, those answered correctly in the end
}

// Add adds others.
func (r *Retries) Add(others Retries) {
	r.Requests += others.Requests
	r.Attempts += others.Attempts
	r.OK += others.OK
}

// Outage is a run of failures, between which less than a second passed, or in which nothing
// was answered correctly; none goes on beyond when a fault was due to be injected. Times are
// from the cell's Started.
type Outage struct {
	First time.Duration `json:"first_ns"` // when the first of them was due
	Last  time.Duration `json:"last_ns"`  // when the last of them was due
	// Recovered is when the first correct answer to a request due after Last was done; 0:
	// none came.
	Recovered time.Duration `json:"recovered_ns,omitempty"`
	OK        int64         `json:"ok"`     // correct answers to requests due in between
	Errors    []ErrorCount  `json:"errors"` // without examples
}

// Failed is how many requests failed in it.
func (o Outage) Failed() (n int64) {
	for _, e := range o.Errors {
		n += e.Count
	}
	return n
}

// Slice is a stretch of the schedule, by due time.
type Slice struct {
	Start     time.Duration `json:"start_ns"` // from the cell's Started
	Length    time.Duration `json:"length_ns"`
	Scheduled int64         `json:"scheduled"`
	Sent      int64         `json:"sent"`
	OK        int64         `json:"ok"`
	Failed    int64         `json:"failed"`
	Censored  int64         `json:"censored"`
	InFlight  int64         `json:"in_flight"` // most at once
}

// End is where the slice ends: the next one's Start.
func (s Slice) End() time.Duration { return s.Start + s.Length }

// SliceLength is how long slices are from a moment of a load on: a second in the
// first hour, and then up to 1/720 of the load so far, an hour at most, so that the
// record of a long load is not much longer than that of a short one.
func SliceLength(start time.Duration) time.Duration {
	return lengthUpTo(start.Truncate(time.Hour) / 720)
}

// lengthUpTo is the longest length of a slice that is no longer than most.
func lengthUpTo(most time.Duration) time.Duration {
	longest := time.Second
	for _, seconds := range []time.Duration{5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600} {
		if length := seconds * time.Second; length <= most {
			longest = length
		}
	}
	return longest
}

// slicesOfStep is how many slices a step has at least, if it is as many seconds long:
// what is known of a step's end is known to a slice.
const slicesOfStep = 30

// SliceEnd is where the slice ends that begins at start, of slices up to so long in a
// load with steps, if it has some: no slice belongs to two of them.
func SliceEnd(start, length time.Duration, steps []Step) time.Duration {
	for _, s := range steps {
		if end := s.Start + s.Duration; start >= s.Start && start < end {
			length = min(length, lengthUpTo(s.Duration/slicesOfStep))
			return min(start.Truncate(length)+length, end)
		}
	}
	return start.Truncate(length) + length
}
