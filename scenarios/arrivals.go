package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"servebench/reports/record/userfile"
	"servebench/scenarios/arrivals"
	"servebench/scenarios/decode"
)

// arrivalsOf returns the arrival process that a phase names; false when there is none.
func arrivalsOf(p Phase) (arrivals.Kind, bool) {
	return Named(arrivals.Kinds(), p.Arrivals, func(k arrivals.Kind) string { return k.Name })
}

// ArrivalProcesses returns how each phase's requests arrive, in the order of Load; nil of a
// closed loop. It reads the files of traces; its error is a decode.Faults that holds
// everything wrong with them.
func (s *Scenario) ArrivalProcesses() ([]arrivals.Process, error) {
	var faults decode.Faults
	var hours float64
	processes := make([]arrivals.Process, len(s.Load))
	for i, p := range s.Load {
		if p.Concurrency > 0 {
			hours += p.Duration.Hours()
			continue
		}
		process, found := openArrivals(p, decode.Element("load", i), s.Source)
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
func openArrivals(p Phase, path string, source *decode.Source) (arrivals.Process, decode.Faults) {
	kind, ok := arrivalsOf(p)
	if !ok {
		return nil, decode.Faults{source.Fault(decode.Member(path, "arrivals"), fmt.Sprintf("unknown arrival process %q", p.Arrivals), "")}
	}
	config := p.Config
	if p.Recording != nil {
		trace, faults := p.readTrace(decode.Member(path, arrivals.ParamTrace), source)
		if faults != nil {
			return nil, faults
		}
		config.Trace = trace
	}
	process, err := kind.New(config)
	mistake, ok := errors.AsType[*arrivals.Mistake](err)
	switch {
	case ok:
		return nil, decode.Faults{source.Fault(decode.Member(path, mistake.Param), mistake.Problem, mistake.Want)}
	case err != nil:
		return nil, decode.Faults{source.Fault(path, err.Error(), "")}
	case process.Shape().Arrivals < 1:
		return nil, decode.Faults{source.Fault(path, noRequest(process.Shape()), moreWanted)}
	}
	return process, nil
}

const moreWanted = "a longer phase or a higher rate"

// noRequest says that an arrival process has no arrivals.
func noRequest(shape arrivals.Shape) string {
	return fmt.Sprintf("%s at %s per second is no request at all", decode.FormatDuration(shape.Duration), decode.FormatNumber(shape.Rate))
}

// maxTrace bounds the file of a trace, in bytes. Its entries are bounded as well.
const maxTrace = 4 << 30

// readTrace reads the file of the phase's trace, which stands at a field.
func (p Phase) readTrace(field string, source *decode.Source) (*arrivals.Trace, decode.Faults) {
	t := p.Recording
	file, err := userfile.Open(t.File, maxTrace)
	if err != nil {
		return nil, decode.Faults{source.FileFault(decode.Member(field, "file"), t.File, err, "a file with one arrival, or one count, on each line")}
	}
	defer file.Close()
	trace := &arrivals.Trace{Interval: t.Counts, Speed: t.Speed}
	if t.Scale != 1 {
		trace.Scale = t.Scale
	}
	if t.Counts > 0 {
		trace.Counts, err = arrivals.ParseCounts(file, arrivals.MostPerLine(trace.Interval, trace.Speed, trace.Scale, p.Rate))
	} else {
		trace.Times, err = arrivals.ParseTimes(file)
	}
	if err != nil {
		return nil, traceFaults(t.File, field, source, err)
	}
	return trace, nil
}

// traceFaults are the lines at fault in a trace's file, which a field names.
func traceFaults(file, field string, source *decode.Source, err error) decode.Faults {
	lines := []error{err}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		lines = many.Unwrap()
	}
	var faults decode.Faults
	for _, err := range lines {
		fault := source.Fault(field, file+": "+err.Error(), "")
		if mistake, ok := errors.AsType[*arrivals.LineMistake](err); ok && mistake.Line > 0 {
			fault = decode.Fault{File: file, Line: mistake.Line, Column: 1, Field: field, Problem: mistake.Problem, Want: mistake.Want}
		}
		faults = append(faults, fault)
	}
	return faults
}

// KeepsZero reports whether a value of the phase is written also where it is 0: one that
// its arrival process does not do without.
func (p Phase) KeepsZero(key string) bool {
	kind, ok := arrivalsOf(p)
	return ok && kind.Needs(key)
}

// arrivalsParams are the keys of a phase that some arrival processes take and others do
// not.
func arrivalsParams() []string {
	var params []string
	for _, k := range arrivals.Kinds() {
		for _, p := range k.Params {
			if p.Name != arrivals.ParamRate && p.Name != arrivals.ParamDuration && !slices.Contains(params, p.Name) {
				params = append(params, p.Name)
			}
		}
	}
	return params
}

// takenBy says which arrival processes take a parameter.
func takenBy(param string) string {
	takers, how := arrivals.TakenBy(param), "Optional"
	if kind, _ := arrivalsOf(Phase{Arrivals: takers[0]}); kind.Needs(param) {
		how = "Required"
	}
	return how + " with arrivals: " + strings.Join(takers, ", ") + "; not allowed otherwise."
}
