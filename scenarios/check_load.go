package scenarios

import (
	"errors"
	"fmt"
	"time"

	"github.com/goccy/go-yaml"

	"servebench/scenarios/arrivals"
	"servebench/scenarios/decode"
)

func (c check) load() {
	s := c.s
	const wanted = "a list of phases with name, rate and duration"
	if c.Sound("cold_starts", "targets") {
		c.refuse("cold_starts", s.ColdStarts > 0 && c.allRun(), alreadyRuns, "0, or a target that starts its server")
	}
	if len(s.Load) == 0 {
		if c.Sound("cold_starts") {
			c.refuse("load", s.ColdStarts == 0, "no phase of load, and no cold starts", wanted+", or cold_starts above 0")
		}
		return
	}
	measured := false
	for i, p := range s.Load {
		field := decode.Element("load", i)
		measured = measured || p.Measure || !c.Sound(field+".measure")
		c.named(field, "load", i, func(j int) string { return s.Load[j].Name })
		c.loop(p, field)
		c.injected(p, field+".inject")
		for j := range p.Mix {
			c.named(decode.Element(field+".mix", j), "mix", j, func(k int) string { return p.Mix[k].Name })
		}
	}
	c.refuse("load", !measured, "every phase has measure: false, so there is nothing to report", "at least one phase that is measured")
}

// named holds the item of a list, at a path, to a name that no other has.
func (c check) named(path, list string, i int, name func(int) string) {
	for j := range i {
		if name(j) == name(i) {
			c.refuse(path+".name", true, fmt.Sprintf("%s is called %q as well", decode.Element(list, j), name(i)), "a name that no other has")
			return
		}
	}
}

// injected holds the faults of a phase to one of each kind, and to a server that injects them.
func (c check) injected(p Phase, field string) {
	if c.Sound("workload.server") {
		c.refuse(field, p.Inject != nil && c.s.Workload.Server != ReferenceServer, "only the reference server injects faults on request", "server: reference, or it left out")
	}
	if c.cat.Injected == nil {
		return
	}
	var kinds []string
	for _, text := range p.Inject {
		kind, _, _ := c.cat.Injected(text)
		kinds = append(kinds, kind)
	}
	c.distinct(field, kinds, "each kind of fault once")
}

// loop holds a phase to one of the two ways in which load is made.
func (c check) loop(p Phase, path string) {
	rate := c.Given(path + ".rate")
	if !c.Given(path + ".concurrency") {
		c.refuse(path+".think", p.Think != nil, "no closed loop thinks here", "concurrency beside it")
		c.arrivals(p, path)
		return
	}
	c.need(path+".duration", decode.Duration(false, "").Want)
	const either = "either a rate, with its arrivals, or concurrency"
	c.refuse(path+".concurrency", rate, "there is a rate, and a closed loop sends no faster than it is answered", either)
	for _, key := range append(arrivalsParams(), "arrivals") {
		c.refuse(path+"."+key, !rate && c.Given(path+"."+key), "a closed loop has no arrival process: each worker asks when it has its answer", either)
	}
}

// arrivals holds a phase at a path to what its arrival process takes.
func (c check) arrivals(p Phase, path string) {
	kind, ok := arrivalsOf(p)
	if !ok || !c.Sound(path+".arrivals") {
		return
	}
	var fields []string
	for _, f := range c.format.Fields("load[]") {
		field, takers := path+"."+f.Key, arrivals.TakenBy(f.Key)
		if len(takers) == 0 {
			continue
		}
		fields = append(fields, field)
		if !kind.Takes(f.Key) {
			c.refuse(field, c.Given(field), kind.Name+" arrivals do not take it", "it left out, or arrivals: "+decode.OneOf(takers))
		} else if kind.Needs(f.Key) {
			want := f.Want()
			if f.Key == arrivals.ParamRate {
				want += ", or concurrency"
			}
			c.need(field, want)
		}
	}
	c.refuse(path+".rate", p.Rate == 0 && c.Given(path+".rate") && !kind.Takes(arrivals.ParamTo), "0 is not above 0", rate(decode.Tag{}).Want)
	if p.Recording != nil {
		c.refuse(path+".gaps", c.Given(path+".gaps") && p.Recording.Counts == 0, "a trace of times already says how long the gaps are", "it left out, or trace.counts")
		return // its file is read when the scenario is run
	}
	if !c.Sound(fields...) {
		return
	}
	process, err := kind.New(p.Config)
	if mistake, ok := errors.AsType[*arrivals.Mistake](err); ok {
		c.Refuse(path+"."+mistake.Param, mistake.Problem, mistake.Want)
	} else if err == nil {
		c.refuse(path+".duration", process.Shape().Arrivals < 1, noRequest(process.Shape()), moreWanted)
	}
}

// overhead holds the two phases that are compared to being the same but for their models.
func (c check) overhead() {
	s := c.s
	if s.Overhead == nil || !c.Sound("overhead", "load") {
		return
	}
	noop, model := c.overheadPhase("overhead.noop", s.Overhead.Noop), c.overheadPhase("overhead.model", s.Overhead.Model)
	switch {
	case noop == nil || model == nil:
	case noop == model:
		c.Refuse("overhead.model", fmt.Sprintf("%q is the phase of overhead.noop as well", model.Name), "another phase")
	case noop.Model == model.Model:
		c.Refuse("overhead.model", fmt.Sprintf("the phases %q and %q ask for the same model, %q", noop.Name, model.Name, model.Model),
			"phases that differ in their key model")
	default:
		c.overheadPair(noop, model)
	}
}

// overheadPhase returns the phase that a key of the overhead names, nil after a fault.
func (c check) overheadPhase(field, name string) *Phase {
	p := c.phaseNamed(field, name)
	if p != nil && !p.Measure {
		c.Refuse(field, fmt.Sprintf("the phase %q has measure: false, so that it shows nothing", name), "a phase that is measured")
		return nil
	}
	return p
}

// phaseNamed returns the phase that a key names, nil after a fault.
func (c check) phaseNamed(field, name string) *Phase {
	i := c.s.PhaseNamed(name)
	if i < 0 {
		want, names := "a phase of load", []string(nil)
		for _, p := range c.s.Load {
			names = append(names, p.Name)
		}
		if names != nil {
			want = decode.OneOf(names)
		}
		c.Refuse(field, fmt.Sprintf("there is no phase %q%s", name, decode.Suggest(name, names)), want)
		return nil
	}
	return &c.s.Load[i]
}

// overheadPair reports in what else the two phases differ.
func (c check) overheadPair(noop, model *Phase) {
	for _, p := range []*Phase{noop, model} {
		if p.Concurrency > 0 {
			c.Refuse("overhead", fmt.Sprintf("the phase %q is a closed loop, whose requests are due when others are answered", p.Name), "phases with a rate, which get the same due times")
			return
		}
	}
	for _, d := range decode.Differences(c.phase(noop.Name), c.phase(model.Name)) {
		if d.Key != "name" && d.Key != "model" {
			c.Refuse("overhead.model", fmt.Sprintf("the phase %q has %s: %s and the phase %q %s: %s, so that they differ in more than the model",
				model.Name, d.Key, d.Other, noop.Name, d.Key, d.One), "the same "+d.Key+" in both")
		}
	}
}

// phase is a phase as it would be written down.
func (c check) phase(name string) yaml.MapSlice {
	load := c.format.Encode(Scenario{Load: []Phase{c.s.Load[c.s.PhaseNamed(name)]}}).ToMap()["load"]
	return load.([]any)[0].(yaml.MapSlice)
}

// leastFor is the least time that conditions are looked at over.
const leastFor = time.Second

func (c check) abort() {
	a := c.s.AbortOn
	if a == nil || !c.Sound("abort_on") {
		return
	}
	if a.Errors == nil && a.P99 == 0 && a.InFlight == 0 {
		c.Refuse("abort_on", "no condition in it", "errors, p99 or in_flight")
	}
	c.refuse("abort_on.errors", a.Errors != nil && (*a.Errors == 0 || *a.Errors == 1), "no load would go on, or none would ever end", "more than 0% and less than 100%")
	c.refuse("abort_on.for", a.For < leastFor, decode.FormatDuration(a.For)+" is too short to judge by", "1s or more")
}

// length bounds the whole run, so that no sum of durations overflows.
func (c check) length() {
	if !c.Sound("load", "rounds", "targets") {
		return
	}
	var hours float64
	for _, p := range c.s.Load {
		hours += p.Duration.Hours()
	}
	if problem, want := c.s.tooLong(hours); problem != "" {
		c.Refuse("load", problem, want)
	}
}

// tooLong says that the load is more than a run may be, where the phases of one trial
// take so many hours; "" when it is not.
func (s *Scenario) tooLong(hours float64) (problem, want string) {
	all := hours * float64(s.Rounds) * float64(len(s.Targets))
	if all <= decode.MaxDuration.Hours() {
		return "", ""
	}
	counted := func(n int, thing string) string {
		if n == 1 {
			return "1 " + thing
		}
		return fmt.Sprintf("%d %ss", n, thing)
	}
	return fmt.Sprintf("%s on %s take %.0fh in all", counted(s.Rounds, "round"), counted(len(s.Targets), "target"), all), "at most " + decode.FormatDuration(decode.MaxDuration)
}
