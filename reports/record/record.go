// Package record is the durable run: everything a report or a gate needs, on
// disk, so that it can be made again without the engine, the targets or the
// scenario. A run is a folder:
//
//	run.json          this package's Run
//	cells/*.hlog      HdrHistogram interval logs (V2), one per cell
//	cells/*.vegeta    vegeta's own result stream, on request
//	monitor/*.jsonl   predictions and outcomes of each cell, where the scenario has a monitor
//	server/*.log      what the server of each deployment wrote
//
// It stands between scenarios, which write it, and reports, which read it.
package record

import (
	"reflect"
	"time"
)

// Schema is the version of run.json. A reader refuses others.
const Schema = "servebench.run/v7"

// Run is one run of one scenario.
type Run struct {
	Schema   string    `json:"schema" redact:"-"`
	ID       string    `json:"id" redact:"-"`
	Created  time.Time `json:"created"`
	Finished time.Time `json:"finished"`
	// Version of the servebench that made it.
	Version string `json:"version" redact:"-"`
	// Command is the command line that repeats it.
	Command     []string `json:"command" redact:"-"` // it has none
	Scenario    Scenario `json:"scenario"`
	Environment Facts    `json:"environment"` // the host, and what the generator was given
	Targets     []Target `json:"targets"`     // in the scenario's order
	Cells       []Cell   `json:"cells"`       // in the order they were run
	// Preflight is what this machine cannot give the load that was asked for, found
	// before any of it was sent; none of it was, then.
	Preflight []Diagnostic `json:"preflight,omitempty"`
	// Calibration is what the load generator was found to be able to do on this
	// machine; nil: it was not calibrated.
	Calibration *Calibration `json:"calibration,omitempty"`
	// AB says that the run compares two servers, its two targets; nil: it does not.
	AB *ABTest `json:"ab,omitempty"`
	// Capacity says that the run searches for the capacity of its targets; nil: it does not.
	Capacity *Capacity `json:"capacity,omitempty"`
	// Interrupted says why the run ended before its plan did; "" when it did not.
	Interrupted string `json:"interrupted,omitempty"`
	// Faults are what went wrong while it was run, in that order.
	Faults []Fault `json:"faults,omitempty"`
	// Dir is the run's folder, where Create made it or Open found it.
	Dir string `json:"-" redact:"-"`
	// Hold says whether somebody was writing the run when Open read it, of one that is
	// not Finished.
	Hold Hold `json:"-" redact:"-"`
	// Redact returns a text without the secrets in it: whenever the run is saved, every
	// text in it goes through, but for the names that servebench itself refers to things
	// by. nil: there are no secrets.
	Redact func(string) string `json:"-"`
}

// Hold says whether a servebench has a run open for writing.
type Hold string

// HoldUnknown is that of a file system without locks, and of a run that is Finished.
const (
	HoldUnknown Hold = ""
	Held        Hold = "held" // it is being written
	Free        Hold = "free" // nobody writes it any more
)

// Fault is one thing that went wrong while the run was made: a server that did
// not come up, a phase that could not be played, a file that could not be
// written. Target, Phase and Round say where, as far as it has a place.
type Fault struct {
	Target string `json:"target,omitempty" redact:"-"`
	Phase  string `json:"phase,omitempty" redact:"-"`
	Round  int    `json:"round,omitempty"` // from 1
	Text   string `json:"text"`
	// Recorded says that the Deployment of the round, or the Cell, has it as well.
	Recorded bool `json:"recorded,omitzero"`
	// Left says that something of the run is left, on this machine or a cluster, of which nothing was
	// measured.
	Left bool `json:"left,omitzero"`
}

// Calibration is what "servebench calibrate" found out about the load generator
// on this machine, with a server that does no work.
type Calibration struct {
	Created time.Time `json:"created"`
	Version string    `json:"version" redact:"-"` // of the servebench that made it
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

// Program is how servebench was called for a run, for the commands that a report shows.
func Program(run *Run) string {
	if len(run.Command) > 0 {
		return run.Command[0]
	}
	return "servebench"
}

// redact takes the secrets out of every text of the run, so that neither its file nor a
// report that is made from it has them. A field is left out by the tag redact:"-": a name
// by which the run refers to a part of itself, and the resolved scenario, which is
// written without secrets and would no longer be YAML.
func (r *Run) redact() {
	if r.Redact != nil {
		redactValue(reflect.ValueOf(r).Elem(), r.Redact)
	}
}

func redactValue(v reflect.Value, redact func(string) string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(redact(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			redactValue(v.Elem(), redact)
		}
	case reflect.Slice:
		if holdsText(v.Type().Elem()) {
			for i := range v.Len() {
				redactValue(v.Index(i), redact)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.Tag.Get("redact") != "-" && holdsText(f.Type) {
				redactValue(v.Field(i), redact)
			}
		}
	}
}

// holdsText reports whether there is text in values of a type: a long run has millions of
// numbers. Maps are not among the fields that have text of others.
func holdsText(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String:
		return true
	case reflect.Pointer, reflect.Slice:
		return holdsText(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && f.Tag.Get("redact") != "-" && holdsText(f.Type) {
				return true
			}
		}
	}
	return false
}
