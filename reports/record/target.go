package record

import (
	"fmt"
	"slices"
	"time"
)

// Target is one deployment target of the run.
type Target struct {
	Name string `json:"name" redact:"-"`
	// Of and Point say that it is one of several sizes of a target: of which, and the keys
	// of the scenario with the values that it has.
	Of    string    `json:"of,omitzero" redact:"-"`
	Point []Setting `json:"point,omitempty"`
	// Requests are those that were sent to it, where they are others than the Scenario's.
	Requests *Requests `json:"requests,omitempty"`
	// Retrain is when its model was to be trained again, where a sweep makes that another one than
	// the Scenario's.
	Retrain *Retrain `json:"retrain,omitempty"`
	// Unavailable says why it could not run here and what would make it so;
	// "" when it ran.
	Unavailable string `json:"unavailable,omitempty"`
	// Asked says that the user named it, in a scenario of their own or on the command
	// line: where it is not available, its limits are undecided. A built-in scenario
	// names whatever there may be, and does without what there is not.
	Asked bool `json:"asked,omitempty"`
	// Running says that the server ran already and was not started here: there are
	// no cold starts and no limits of the scenario's on it.
	Running bool `json:"running,omitempty"`
	// LoadFrom says where its load was made, such as "a pod in the cluster"; "": on this
	// machine, which the run's Environment and Calibration are about.
	LoadFrom string `json:"load_from,omitempty"`
	// CPUs is how many its server may use, all replicas together; 0: not known.
	CPUs float64 `json:"cpus,omitzero"`
	// Memory is the limit of one replica in bytes; 0: not known, or what the place makes of it.
	Memory int64 `json:"memory_bytes,omitzero"`
	Facts  Facts `json:"facts,omitempty"`
	// Deployments are the starts, one per trial, in the order they were made.
	Deployments []Deployment `json:"deployments,omitempty"`
}

// Setting is a key of the scenario with its value.
type Setting struct {
	Key   string `json:"key" redact:"-"`
	Value string `json:"value" redact:"-"` // no key that is swept holds a secret
}

// Target is the target of that name; of one that there is not, a Target with its name alone.
func (r *Run) Target(name string) Target {
	for _, t := range r.Targets {
		if t.Name == name {
			return t
		}
	}
	return Target{Name: name}
}

// Deployment is the one that the load of a trial was sent to; the zero value where there is none.
func (r *Run) Deployment(trial Trial) Deployment {
	for _, d := range r.Target(trial.Target).Deployments {
		if d.Round == trial.Round && d.Attempt == trial.Attempt && !d.Alone {
			return d
		}
	}
	return Deployment{}
}

// RequestsTo are those that were sent to a target.
func (r *Run) RequestsTo(target string) Requests {
	if others := r.Target(target).Requests; others != nil {
		return *others
	}
	return r.Scenario.Requests
}

// RetrainOf is when the model of a target was to be trained again; nil: it was not.
func (r *Run) RetrainOf(target string) *Retrain {
	if own := r.Target(target).Retrain; own != nil {
		return own
	}
	return r.Scenario.Retrain
}

// CalibrationOf is what is known of the load generator that a target had; nil: nothing, as of
// one elsewhere.
func (r *Run) CalibrationOf(target string) *Calibration {
	if r.Target(target).LoadFrom != "" {
		return nil
	}
	return r.Calibration
}

// Deployment is one start of the server on a target.
type Deployment struct {
	Round   int     `json:"round"`
	Attempt int     `json:"attempt,omitempty"` // as of a Trial
	Alone   bool    `json:"alone,omitempty"`   // made for the cold start alone, without load
	Stages  []Stage `json:"stages"`            // ascending; the last one of a good start is FirstAnswer; none of a Running target
	// Preparation is what the Stages leave out: how long it took before to put the
	// image, the initial file system or the service in place. 0: nothing had to be,
	// or the server did not come up.
	Preparation time.Duration `json:"preparation_ns,omitempty"`
	// FirstAnswerError says why the first request to a server that came up was not
	// answered rightly; its Stages end without FirstAnswer then.
	FirstAnswerError string `json:"first_answer_error,omitempty"`
	// FirstAnswerRetried says how often the first request was sent until it was answered
	// rightly, and why not before; "" when it was the first time. The stage FirstAnswer
	// includes it.
	FirstAnswerRetried string `json:"first_answer_retried,omitempty"`
	// Failed says why it did not come up or ended before it was told to,
	// quoting the end of its output; "" when all went well.
	Failed string `json:"failed,omitempty"`
	// Evicted says that the platform ended the server, which ran.
	Evicted bool `json:"evicted,omitzero"`
	// Removed says that somebody else removed the server, which ran.
	Removed bool `json:"removed,omitzero"`
	// OutOfMemory says that it ended after the kernel killed one of its processes for reaching
	// the memory limit.
	OutOfMemory bool `json:"out_of_memory,omitzero"`
	// Events are what happened to the replicas, ascending.
	Events []Event `json:"events,omitempty"`
}

// Event is something that happened to the replicas of a deployment.
type Event struct {
	At time.Time `json:"at"` // by the clock of this machine, when it was noticed
	// Kind is one of the kinds below.
	Kind string `json:"kind" redact:"-"`
	// Replica is the id of the replica that it happened to; "" of an event of them all.
	Replica string `json:"replica,omitempty"`
	// Replicas is the number that was decided, of EventDesired.
	Replicas int `json:"replicas,omitempty"`
	// Address is the one at which only this replica answers, as HOST:PORT, if it is known.
	Address string `json:"address,omitempty"`
	Text    string `json:"text,omitempty"` // what the platform said
	// Fault is the kind of the fault, of EventInjected and EventHealed.
	Fault string `json:"fault,omitempty" redact:"-"`
}

// The kinds of events.
const (
	EventDesired   = "desired" // the number of replicas that there shall be was decided
	EventCreated   = "created" // a replica is there, and does not run yet
	EventScheduled = "scheduled"
	EventRunning   = "running" // its process runs
	EventReady     = "ready"   // it is given requests
	EventUnready   = "unready"
	EventEnded     = "ended"
	EventRestarted = "restarted"
	EventInjected  = "injected" // a fault of the scenario's
	EventHealed    = "healed"   // a fault that lasts is over
	EventWarning   = "warning"  // of the platform, such as that no node has room
)

// HealedAt is when an injected fault was over, by the events after it: of one that does not last,
// when it was injected.
func HealedAt(fault Event, later []Event) time.Time {
	for _, e := range later {
		if e.Kind == EventHealed && e.Fault == fault.Fault && e.Replica == fault.Replica {
			return e.At
		}
	}
	return fault.At
}

// Answered says that the start came to a right first answer, whatever became of the
// server later.
func (d Deployment) Answered() bool {
	last := len(d.Stages) - 1
	return last >= 0 && d.Stages[last].Name == FirstAnswer
}

// FirstAnswerAt is when a start that is Answered came to its first answer.
func (d Deployment) FirstAnswerAt() time.Duration { return d.Stages[len(d.Stages)-1].At }

// FirstAnswer is the last stage of a good start: the first model answer.
const FirstAnswer = "first answer"

// Stage is one point of a start, counted from the moment all that the start needs was in place.
type Stage struct {
	Name string        `json:"name" redact:"-"`
	At   time.Duration `json:"at_ns"`
}

// Fact is a named value of the host, the generator or a target.
type Fact struct {
	Name  string `json:"name" redact:"-"`
	Value string `json:"value"`
	// State is what programs go by where the Value says more than what is so, such as why:
	// one of the states below, or a word that is the same in other runs in which it is so.
	State string `json:"state,omitzero"`
	// Denied says that the operating system refused something better for want of rights.
	Denied bool `json:"denied,omitzero"`
	// Count is how many the Value lists, of FactTargetCPUs and FactVisibleCPUs; 0 of others.
	Count int `json:"count,omitzero"`
	// Unequal marks what could not be made equal between targets.
	Unequal bool `json:"unequal,omitempty"`
	// Since is the round from which it is so; 0: it was from the beginning.
	Since int `json:"since_round,omitzero"`
}

// String is the value, with since when it is so.
func (f Fact) String() string {
	if f.Since == 0 {
		return f.Value
	}
	return fmt.Sprintf("from round %d: %s", f.Since, f.Value)
}

// Facts are what is known of the host, the generator or a target.
type Facts []Fact

// Named is the first fact of that name, the zero Fact where there is none.
func (f Facts) Named(name string) Fact {
	if i := slices.IndexFunc(f, func(f Fact) bool { return f.Name == name }); i >= 0 {
		return f[i]
	}
	return Fact{}
}

// The names of facts that more is known of than that they are told.
const (
	FactCPU           = "CPU"          // the model of the machine's processor
	FactArchitecture  = "architecture" // of it, as Go names it: amd64, arm64
	FactAcceleration  = "acceleration" // how a guest's instructions are executed: KVM or TCG
	FactPriority      = "generator priority"
	FactGeneratorCPUs = "generator CPUs"
	FactTargetCPUs    = "target CPUs"  // of the servers that are started here
	FactVisibleCPUs   = "CPUs visible" // to a server that counts them, as Python's os.cpu_count does
	FactLimits        = "limits"
	FactCPUShare      = "CPU share"       // of an environment of a function
	FactRetraining    = "retraining"      // what trains the model again, and on which CPUs
	FactScaling       = "scaling"         // how many replicas there are, and what decides that
	FactTLS           = "TLS"             // how connections to an https server are secured
	FactInjected      = "injected faults" // on purpose, as the server says
	FactExpiry        = "expiry"          // what removes a run from a cluster whose servebench was killed
)

// The states of FactAcceleration.
const (
	KVM = "KVM" // on the CPU itself
	TCG = "TCG" // emulated in software
)

// Unverified is the state of FactTLS where the server's certificate was not verified.
const Unverified = "unverified"

// NoExpiry is the state of FactExpiry where nothing in the cluster removes the run.
const NoExpiry = "none"
