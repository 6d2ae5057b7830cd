package scenarios

import (
	"errors"

	"servebench/scenarios/arrivals"
)

// validateArrivals holds a phase at a path to what its arrival process takes.
func (d *decoder) validateArrivals(p Phase, path string) {
	kind, ok := arrivalsOf(p)
	if !ok || !d.sound(member(path, "arrivals")) {
		return
	}
	for _, r := range phaseRows() {
		d.validateParam(kind, r, path)
	}
	if p.Rate == 0 && !kind.Takes(arrivals.ParamTo) {
		d.senseless(member(path, arrivals.ParamRate), d.given[member(path, arrivals.ParamRate)], "0 is not above 0", rates().want)
	}
	if p.Trace != nil {
		d.senseless(member(path, arrivals.ParamGaps), d.given[member(path, arrivals.ParamGaps)] && p.Trace.Counts == 0,
			"a trace of times has gaps of its own", "it left out, or trace.counts")
		return // its file is read when the scenario is run
	}
	if !d.sound(members(path, arrivalsKeys())...) {
		return
	}
	process, err := kind.New(p.config())
	mistake, ok := errors.AsType[*arrivals.Mistake](err)
	switch {
	case ok:
		d.fault(member(path, mistake.Param), mistake.Problem, mistake.Want)
	case err == nil && process.Shape().Arrivals < 1:
		d.fault(member(path, arrivals.ParamDuration), noRequest(process.Shape()), moreWanted)
	}
}

// validateParam looks whether a key is there that the arrival process needs, and is not where
// the arrival process does not take it.
func (d *decoder) validateParam(kind arrivals.Kind, r row[Phase], path string) {
	field, takers := member(path, r.name), arrivals.TakenBy(r.name)
	switch {
	case len(takers) == 0: // it belongs to no arrival process
	case !kind.Takes(r.name):
		d.senseless(field, d.given[field], kind.Name+" arrivals do not take it", "it left out, or arrivals: "+oneOf(takers))
	case kind.Needs(r.name):
		d.need(field, r.want+instead(r.name))
	}
}

// instead is what may be given in place of a parameter.
func instead(param string) string {
	if param == arrivals.ParamRate {
		return ", or concurrency"
	}
	return ""
}

// members are fields of the mapping at a path.
func members(path string, keys []string) []string {
	fields := make([]string, len(keys))
	for i, key := range keys {
		fields[i] = member(path, key)
	}
	return fields
}
