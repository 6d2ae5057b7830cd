package scenarios

import (
	"errors"

	"servebench/scenarios/schedule"
)

// validateLaw holds a phase at a path to what its law takes.
func (d *decoder) validateLaw(p Phase, path string) {
	kind, ok := lawOf(p)
	if !ok || !d.sound(member(path, "law")) {
		return
	}
	for _, r := range phaseRows() {
		d.validateParam(kind, r, path)
	}
	if p.Rate == 0 && !kind.Takes(schedule.ParamTo) {
		d.senseless(member(path, schedule.ParamRate), d.given[member(path, schedule.ParamRate)], "0 is not above 0", rates().want)
	}
	if p.Trace != nil {
		d.senseless(member(path, schedule.ParamGaps), d.given[member(path, schedule.ParamGaps)] && p.Trace.Counts == 0,
			"a trace of times has gaps of its own", "it left out, or trace.counts")
		return // its file is read when the scenario is run
	}
	if !d.sound(members(path, lawKeys())...) {
		return
	}
	law, err := kind.New(p.config())
	mistake, ok := errors.AsType[*schedule.Mistake](err)
	switch {
	case ok:
		d.fault(member(path, mistake.Param), mistake.Problem, mistake.Want)
	case err == nil && law.Shape().Arrivals < 1:
		d.fault(member(path, schedule.ParamDuration), noRequest(law.Shape()), moreWanted)
	}
}

// validateParam looks whether a key is there that the law needs, and is not where
// the law does not take it.
func (d *decoder) validateParam(kind schedule.Kind, r row[Phase], path string) {
	field, takers := member(path, r.name), schedule.TakenBy(r.name)
	switch {
	case len(takers) == 0: // it belongs to no law
	case !kind.Takes(r.name):
		d.senseless(field, d.given[field], "the law "+kind.Name+" does not take it", "it left out, or law: "+oneOf(takers))
	case kind.Needs(r.name):
		d.need(field, r.want+instead(r.name))
	}
}

// instead is what may be given in place of a parameter.
func instead(param string) string {
	if param == schedule.ParamRate {
		return ", or callers"
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
