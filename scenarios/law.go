package scenarios

import (
	"errors"
	"fmt"
	"time"

	"servebench/reports/record/userfile"
	"servebench/scenarios/schedule"
)

// Trace is a recording of arrivals in a file.
type Trace struct {
	File   string        // its path
	Counts time.Duration // the interval that each line counts the arrivals of; 0: each line is the time of one
	Speed  float64       // how many times faster than recorded it is replayed
	Scale  float64       // what the number of arrivals is multiplied by
}

// lawOf returns the law that a phase names; false when there is none.
func lawOf(p Phase) (schedule.Kind, bool) {
	return Named(schedule.Kinds(), p.Law, func(k schedule.Kind) string { return k.Name })
}

// resolveGaps fills in the gaps of a law that takes them.
func (p *Phase) resolveGaps() {
	kind, ok := lawOf(*p)
	if ok && kind.Takes(schedule.ParamGaps) && p.Gaps == "" && (p.Trace == nil || p.Trace.Counts > 0) {
		p.Gaps = schedule.PoissonGaps
	}
}

// config is what the phase asks of its law, but for a trace, which is to be read.
func (p Phase) config() schedule.Config {
	return schedule.Config{
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

// Laws returns the laws of the phases' arrivals, in the order of Load; nil of a
// closed loop. It reads the files of traces; its error is a Faults that holds
// everything wrong with them.
func (s *Scenario) Laws() ([]schedule.Law, error) {
	var faults Faults
	var hours float64
	laws := make([]schedule.Law, len(s.Load))
	for i, p := range s.Load {
		if p.Callers > 0 {
			hours += p.Duration.Hours()
			continue
		}
		law, found := openLaw(p, element("load", i), s.Source)
		if faults = append(faults, found...); law != nil {
			laws[i] = law
			hours += law.Shape().Duration.Hours()
		}
	}
	if problem, want := s.tooLong(hours); problem != "" {
		faults = append(faults, s.Source.Fault("load", problem, want))
	}
	if faults != nil {
		return nil, faults
	}
	return laws, nil
}

// openLaw returns the law of a phase, or what is wrong with the phase at a path.
func openLaw(p Phase, path string, source *Source) (schedule.Law, Faults) {
	kind, ok := lawOf(p)
	if !ok {
		return nil, Faults{source.Fault(member(path, "law"), fmt.Sprintf("unknown law %q", p.Law), "")}
	}
	config := p.config()
	if p.Trace != nil {
		trace, faults := p.readTrace(member(path, schedule.ParamTrace), source)
		if faults != nil {
			return nil, faults
		}
		config.Trace = trace
	}
	law, err := kind.New(config)
	mistake, ok := errors.AsType[*schedule.Mistake](err)
	switch {
	case ok:
		return nil, Faults{source.Fault(member(path, mistake.Param), mistake.Problem, mistake.Want)}
	case err != nil:
		return nil, Faults{source.Fault(path, err.Error(), "")}
	case law.Shape().Arrivals < 1:
		return nil, Faults{source.Fault(path, noRequest(law.Shape()), moreWanted)}
	}
	return law, nil
}

const moreWanted = "a longer phase or a higher rate"

// noRequest says that a law has no arrivals.
func noRequest(shape schedule.Shape) string {
	return fmt.Sprintf("%s at %s per second is no request at all", formatDuration(shape.Duration), formatNumber(shape.Rate))
}

// maxTrace bounds the file of a trace, in bytes. Its entries are bounded as well.
const maxTrace = 4 << 30

// readTrace reads the file of the phase's trace, which stands at a field.
func (p Phase) readTrace(field string, source *Source) (*schedule.Trace, Faults) {
	t := p.Trace
	file, err := userfile.Open(t.File, maxTrace)
	if err != nil {
		return nil, Faults{source.Fault(member(field, "file"), err.Error(), "a file with one arrival, or one count, on each line")}
	}
	defer file.Close()
	trace := &schedule.Trace{Interval: t.Counts, Speed: t.Speed}
	if t.Scale != 1 {
		trace.Scale = t.Scale
	}
	if t.Counts > 0 {
		trace.Counts, err = schedule.ParseCounts(file, schedule.MostPerLine(trace.Interval, trace.Speed, trace.Scale, float64(p.Rate)))
	} else {
		trace.Times, err = schedule.ParseTimes(file)
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
		if mistake, ok := errors.AsType[*schedule.LineMistake](err); ok && mistake.Line > 0 {
			fault = Fault{File: file, Line: mistake.Line, Column: 1, Field: field, Problem: mistake.Problem, Want: mistake.Want}
		}
		faults = append(faults, fault)
	}
	return faults
}
