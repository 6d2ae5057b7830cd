package monitor

import (
	"runtime"
	"slices"
	"time"

	"servebench/generators"
	"servebench/generators/drift"
	"servebench/reports/record"
	"servebench/scenarios/attack"
)

// Reference is what rows of features and predictions are compared with.
type Reference struct {
	Profile *drift.Profile // nil: there is none
	Why     string         // nothing can be compared; "" beside a Profile
}

// detection looks for drift, by every detector that was asked for. It is for one goroutine.
type detection struct {
	detectors []detector
	rows      *drift.Sample // since the last look; nil: no detector compares rows
	// seen are the requests that the rows are of: one that is sent again tells nothing new.
	seen map[string]bool
	// raised is told of every alarm.
	raised func(detector string, at time.Duration, r drift.Result)
	schema generators.Schema
}

// detector is one of drift.Kinds at work.
type detector struct {
	record.MonitorDetector
	kind   drift.Kind
	window drift.WindowDetector // nil: it is of a stream, or has nothing to compare with
	stream drift.StreamDetector
	last   drift.Result // of the stream
	fired  bool         // the stream did, since the last look
}

// newDetection prepares the detectors, each of which gets its share of drift.Alpha, so that all
// together raise a false alarm in no more than that share of phases.
func newDetection(names []string, schema generators.Schema, reference Reference) *detection {
	d := &detection{seen: map[string]bool{}, schema: schema, raised: func(string, time.Duration, drift.Result) {}}
	alpha := drift.Alpha / float64(max(1, len(names)))
	for _, kind := range drift.Kinds() {
		if slices.Contains(names, kind.Name) {
			d.detectors = append(d.detectors, newDetector(kind, alpha, reference))
		}
	}
	d.begin()
	return d
}

// begin collects the rows that are compared.
func (d *detection) begin() {
	d.rows = nil
	clear(d.seen)
	if slices.ContainsFunc(d.detectors, func(t detector) bool { return t.window != nil }) {
		d.rows = drift.NewSample(d.schema)
	}
}

// renew has the detectors begin anew with another model, which remember nothing of what was before.
func (d *detection) renew(reference Reference) {
	for i := range d.detectors {
		d.detectors[i].begin(reference)
	}
	d.begin()
}

func newDetector(kind drift.Kind, alpha float64, reference Reference) detector {
	t := detector{MonitorDetector: record.MonitorDetector{Name: kind.Name, Alpha: alpha}, kind: kind}
	t.begin(reference)
	return t
}

func (t *detector) begin(reference Reference) {
	t.window, t.stream, t.last, t.fired, t.Why = nil, nil, drift.Result{State: drift.TooFew}, false, ""
	switch {
	case t.kind.Stream != nil:
		t.stream = t.kind.Stream(t.Alpha)
	case reference.Profile == nil:
		t.Why = reference.Why
	default:
		t.window = t.kind.Window(reference.Profile, t.Alpha)
	}
}

// add takes an answer that could be read.
func (d *detection) add(a attack.Answered) {
	if d.rows == nil {
		return
	}
	id := a.Request.ID()
	if id != "" && d.seen[id] {
		return
	}
	d.seen[id] = true
	inputs := a.Request.Inputs()
	for i, p := range a.Predictions {
		var features []float32
		if inputs != nil {
			features = inputs[i]
		}
		d.rows.Add(features, p.Answer)
	}
}

// learn takes an outcome that becomes known at a moment.
func (d *detection) learn(at time.Duration, wrong bool) {
	for i := range d.detectors {
		if t := &d.detectors[i]; t.stream != nil {
			if t.last = t.stream.Add(wrong); t.last.State == drift.Drift {
				t.alarm(at, t.last)
				t.fired = true
				d.raised(t.Name, at, t.last)
			}
		}
	}
}

// look ends a window at a moment. Rows that are too few to be compared wait for the next.
func (d *detection) look(at time.Duration) {
	for i := range d.detectors {
		t := &d.detectors[i]
		r := t.last
		switch {
		case t.Why != "":
			continue
		case t.window != nil:
			if r = t.window.Look(d.rows); r.State == drift.Drift {
				t.alarm(at, r)
				d.raised(t.Name, at, r)
			}
			runtime.Gosched() // the sending may have only this processor
		case t.fired:
			r.State, t.fired = drift.Drift, false
		}
		t.Looks = append(t.Looks, record.MonitorLook{At: at, State: string(r.State), Statistic: r.Statistic, Threshold: r.Threshold, Column: r.Column, N: r.N})
		t.thin()
	}
	if d.rows != nil && d.rows.Len() >= drift.LeastRows {
		d.rows.Reset()
		clear(d.seen)
	}
}

const (
	mostAlarms = 1000
	mostLooks  = 2000
)

func (t *detector) alarm(at time.Duration, r drift.Result) {
	if len(t.Alarms) < mostAlarms {
		t.Alarms = append(t.Alarms, record.MonitorAlarm{At: at, Column: r.Column, Statistic: r.Statistic, Threshold: r.Threshold, N: r.N})
		return
	}
	t.More++
}

// thin leaves out every second look where there are too many, but for those that found drift.
func (t *detector) thin() {
	if len(t.Looks) <= mostLooks {
		return
	}
	kept := t.Looks[:0]
	for i, look := range t.Looks {
		if i%2 == 0 || look.State == string(drift.Drift) && len(kept) < mostLooks/2 {
			kept = append(kept, look)
		}
	}
	t.Looks = kept
}

// all are the detectors with what they found.
func (d *detection) all() (all []record.MonitorDetector) {
	for _, t := range d.detectors {
		all = append(all, t.MonitorDetector)
	}
	return all
}
