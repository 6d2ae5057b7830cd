package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

// validate reports what no value shows by itself. A check is left out where a
// value that it needs is at fault already.
func (d *decoder) validate(s *Scenario, cat Catalogue) {
	d.validateTargets(s)
	d.validateNeeds(s, cat)
	d.validateHTTP(s)
	d.validateWorkload(s, cat)
	d.validateImage(s, cat)
	d.validateClock(s)
	d.validateData(s)
	d.validateLoad(s)
	d.validateModels(s, cat)
	d.validateOverhead(s)
	d.validateAbort(s)
	d.validateColdStarts(s, cat)
	d.validateLength(s)
	d.validateSLO(s, cat)
	d.validateRegression(s)
}

// fault reports a field, where it stands.
func (d *decoder) fault(field, problem, want string) {
	d.add(d.at[field], field, problem, want)
}

func (d *decoder) validateTargets(s *Scenario) {
	for i, target := range s.Targets {
		field := element("targets", i)
		if d.sound(field) && slices.Index(s.Targets, target) < i {
			d.fault(field, fmt.Sprintf("%q is in the list already", target), "each target once")
		}
	}
}

func (d *decoder) validateWorkload(s *Scenario, cat Catalogue) {
	w := s.Workload
	if d.sound("workload.server", "workload.command", "workload.image") {
		switch own := len(w.Command) > 0 || w.Image != ""; {
		case w.Server == "" && !own && d.sound("targets") && !allRun(s, cat):
			d.fault("workload", "no server named", "server: reference, or a command, or an image")
		case w.Server != "" && own:
			d.fault("workload.server", "another server is given by command or image", "one or the other")
		}
	}
	if w.Server == ReferenceServer && w.Model != "" && d.sound("workload.model") && !slices.Contains(cat.Models, w.Model) {
		d.fault("workload.model", noModel(w.Model, cat), oneOf(cat.Models))
	}
	if w.Delay > 0 && w.Server != ReferenceServer && d.sound("workload.server", "workload.delay") {
		d.fault("workload.delay", "only the reference server answers later on request", "server: reference, or no delay")
	}
	variable := func(i int) string {
		name, _, _ := strings.Cut(w.Env[i], "=")
		return name
	}
	for i := range w.Env {
		for j := range i {
			if field := element("workload.env", i); d.sound(field, element("workload.env", j)) && variable(i) == variable(j) {
				d.fault(field, variable(i)+" is set already", "each variable once")
				break
			}
		}
	}
}

// maxExamples bounds what the corpus holds in memory.
const maxExamples = 10_000_000

func (d *decoder) validateData(s *Scenario) {
	if !d.sound("data.batch", "data.corpus") {
		return
	}
	kinds, examples := s.Requests(), 0
	for _, c := range kinds {
		examples += c.Batch
	}
	if n := examples * s.Data.Corpus; n > maxExamples && d.sound("load") {
		of := fmt.Sprintf("%d requests of %d examples", s.Data.Corpus, s.Data.Batch)
		if len(kinds) > 1 {
			of = fmt.Sprintf("%d requests of each of %d kinds", s.Data.Corpus, len(kinds))
		}
		d.fault("data.corpus", fmt.Sprintf("%s are %d examples to hold in memory", of, n), fmt.Sprintf("at most %d", maxExamples))
	}
}

// phasesWanted is what the key load is for.
const phasesWanted = "a list of phases with name, rate and duration"

func (d *decoder) validateLoad(s *Scenario) {
	if len(s.Load) == 0 {
		if d.sound("load", "cold_starts") && s.ColdStarts == 0 {
			d.fault("load", "no phase of load, and no cold starts", phasesWanted+", or cold_starts above 0")
		}
		return
	}
	measured := false
	for i, p := range s.Load {
		field := element("load", i)
		measured = measured || p.Measure || !d.sound(field+".measure")
		earlier := slices.IndexFunc(s.Load, func(q Phase) bool { return q.Name == p.Name })
		if name := field + ".name"; d.sound(name) && earlier < i {
			d.fault(name, fmt.Sprintf("load[%d] is called %q as well", earlier, p.Name), "a name of its own")
		}
		d.validateLoop(p, field)
		d.validateMix(p, field)
	}
	if d.sound("load") && !measured {
		d.fault("load", "every phase has measure: false, so there is nothing to report", "at least one phase that is measured")
	}
}

// validateLength bounds the whole run, so that no sum of durations overflows.
func (d *decoder) validateLength(s *Scenario) {
	if !d.sound("load", "rounds", "targets") {
		return
	}
	var round float64
	for _, p := range s.Load {
		round += p.Duration.Hours()
	}
	if problem, want := s.tooLong(round); problem != "" {
		d.fault("load", problem, want)
	}
}

// tooLong says that the load is more than a run may be, where the phases of one
// trial take so many hours; "" when it is not.
func (s *Scenario) tooLong(hours float64) (problem, want string) {
	all := hours * float64(s.Rounds) * float64(len(s.Targets))
	if all <= maxDuration.Hours() {
		return "", ""
	}
	return fmt.Sprintf("%s on %s take %.0fh in all", counted(s.Rounds, "round"), counted(len(s.Targets), "target"), all), "at most " + formatDuration(maxDuration)
}

// counted is a number of things: "1 target", "3 targets".
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
