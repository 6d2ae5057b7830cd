package scenarios

import (
	"errors"
	"fmt"
	"time"

	"servebench/reports/record/userfile"
	"servebench/scenarios/arrivals"
)

// Trace is a recording of arrivals in a file.
type Trace struct {
	File   string        // its path
	Counts time.Duration // the interval that each line counts the arrivals of; 0: each line is the time of one
	Speed  float64       // how many times faster than recorded it is replayed
	Scale  float64       // what the number of arrivals is multiplied by
}

// arrivalsOf returns the arrival process that a phase names; false when there is none.
func arrivalsOf(p Phase) (arrivals.Kind, bool) {
	return Named(arrivals.Kinds(), p.Arrivals, func(k arrivals.Kind) string { return k.Name })
}

// resolveGaps fills in the gaps of an arrival process that takes them.
func (p *Phase) resolveGaps() {
	kind, ok := arrivalsOf(*p)
	if ok && kind.Takes(arrivals.ParamGaps) && p.Gaps == "" && (p.Trace == nil || p.Trace.Counts > 0) {
		p.Gaps = arrivals.PoissonGaps
	}
}

// config is what the phase asks of its arrival process, but for a trace, which is to be read.
func (p Phase) config() arrivals.Config {
	return arrivals.Config{
		Rate:       float64(p.Rate),
		Duration:   p.Duration,
		Burstiness: p.Burstiness,
		To:         float64(p.To),
		Steps:      p.Steps,
		Amplitude:  float64(p.Amplitude),
		Period:     p.Period,
		At:         p.At,
		For:        p.For,
		Gaps:       p.Gaps,
	}
}

// ArrivalProcesses returns how each phase's requests arrive, in the order of Load; nil of a
// closed loop. It reads the files of traces; its error is a Faults that holds
// everything wrong with them.
func (s *Scenario) ArrivalProcesses() ([]arrivals.Process, error) {
	var faults Faults
	var hours float64
	processes := make([]arrivals.Process, len(s.Load))
	for i, p := range s.Load {
		if p.Concurrency > 0 {
			hours += p.Duration.Hours()
			continue
		}
		process, found := openArrivals(p, element("load", i), s.Source)
		if faults = append(faults, found...); process != nil {
			processes[i] = process
			hours += process.Shape().Duration.Hours()
		}
	}
	if problem, want := s.tooLong(hours); problem != "" {
		faults = append(faults, s.Source.Fault("load", problem, want))
	}
	if faults != nil {
		return nil, faults
	}
	return processes, nil
}

// openArrivals returns the arrival process of a phase, or what is wrong with the phase at a path.
func openArrivals(p Phase, path string, source *Source) (arrivals.Process, Faults) {
	kind, ok := arrivalsOf(p)
	if !ok {
		return nil, Faults{source.Fault(member(path, "arrivals"), fmt.Sprintf("unknown arrival process %q", p.Arrivals), "")}
	}
	config := p.config()
	if p.Trace != nil {
		trace, faults := p.readTrace(member(path, arrivals.ParamTrace), source)
		if faults != nil {
			return nil, faults
		}
		config.Trace = trace
	}
	process, err := kind.New(config)
	mistake, ok := errors.AsType[*arrivals.Mistake](err)
	switch {
	case ok:
		return nil, Faults{source.Fault(member(path, mistake.Param), mistake.Problem, mistake.Want)}
	case err != nil:
		return nil, Faults{source.Fault(path, err.Error(), "")}
	case process.Shape().Arrivals < 1:
		return nil, Faults{source.Fault(path, noRequest(process.Shape()), moreWanted)}
	}
	return process, nil
}

const moreWanted = "a longer phase or a higher rate"

// noRequest says that an arrival process has no arrivals.
func noRequest(shape arrivals.Shape) string {
	return fmt.Sprintf("%s at %s per second is no request at all", formatDuration(shape.Duration), formatNumber(shape.Rate))
}

// maxTrace bounds the file of a trace, in bytes. Its entries are bounded as well.
const maxTrace = 4 << 30

// readTrace reads the file of the phase's trace, which stands at a field.
func (p Phase) readTrace(field string, source *Source) (*arrivals.Trace, Faults) {
	t := p.Trace
	file, err := userfile.Open(t.File, maxTrace)
	if err != nil {
		return nil, Faults{source.Fault(member(field, "file"), err.Error(), "a file with one arrival, or one count, on each line")}
	}
	defer file.Close()
	trace := &arrivals.Trace{Interval: t.Counts, Speed: t.Speed}
	if t.Scale != 1 {
		trace.Scale = t.Scale
	}
	if t.Counts > 0 {
		trace.Counts, err = arrivals.ParseCounts(file, arrivals.MostPerLine(trace.Interval, trace.Speed, trace.Scale, float64(p.Rate)))
	} else {
		trace.Times, err = arrivals.ParseTimes(file)
	}
	if err != nil {
		return nil, traceFaults(t.File, field, source, err)
	}
	return trace, nil
}

// traceFaults are the lines at fault in a trace's file, which a field names.
func traceFaults(file, field string, source *Source, err error) Faults {
	lines := []error{err}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		lines = many.Unwrap()
	}
	var faults Faults
	for _, err := range lines {
		fault := source.Fault(field, file+": "+err.Error(), "")
		if mistake, ok := errors.AsType[*arrivals.LineMistake](err); ok && mistake.Line > 0 {
			fault = Fault{File: file, Line: mistake.Line, Column: 1, Field: field, Problem: mistake.Problem, Want: mistake.Want}
		}
		faults = append(faults, fault)
	}
	return faults
}
