package scenarios

import (
	"fmt"
	"time"

	"servebench/scenarios/arrivals"
)

func (d *decoder) validateSLO(s *Scenario, cat Catalogue) {
	d.validateKnown(s.SLO, s, cat)
	d.validateQuantiles(s.SLO)
	if d.sound("timeout") {
		d.validateReach(s)
	}
	d.validateGoodput(s)
}

// validateKnown finds limits of what no run of a scenario makes known.
func (d *decoder) validateKnown(l SLO, s *Scenario, cat Catalogue) {
	d.senseless("slo.cold_start", l.ColdStart > 0 && d.sound("targets") && allRun(s, cat),
		"the server of every target runs already, so there is no start to time", "none, or a target that starts its server")
	if s.Template != nil {
		d.senseless("slo.accuracy", l.Accuracy != nil, nobody, "none")
		d.senseless("slo.agreement", l.Agreement != nil, "a wrong answer to a template is an error", "slo.errors, and template.expect")
		return
	}
	d.senseless("slo.agreement", l.Agreement != nil && s.Workload.Server == "" && d.sound("workload"),
		"agreement is known for the reference server only", "accuracy, or none")
}

// quantileLimit is one of several limits of a time.
type quantileLimit struct {
	name, field string
	at          time.Duration
}

// limitedTimes are the limits of each time, with the fields that they stand in.
func (s SLO) limitedTimes() [][]quantileLimit {
	var all [][]quantileLimit
	for _, t := range []struct {
		path string
		most Quantiles
	}{{"slo", s.response()}, {"slo.service", s.Service}, {"slo.first_byte", s.FirstByte}} {
		var set []quantileLimit
		for _, q := range []struct {
			name string
			at   time.Duration
		}{{"p50", t.most.P50}, {"p90", t.most.P90}, {"p99", t.most.P99}, {"p999", t.most.P999}} {
			if q.at > 0 {
				set = append(set, quantileLimit{q.name, member(t.path, q.name), q.at})
			}
		}
		all = append(all, set)
	}
	return all
}

// validateQuantiles finds a higher quantile with a lower limit.
func (d *decoder) validateQuantiles(s SLO) {
	for _, set := range s.limitedTimes() {
		var below *quantileLimit
		for i := range set {
			q := &set[i]
			if !d.sound(q.field) {
				continue
			}
			if below != nil && q.at < below.at {
				d.fault(q.field, fmt.Sprintf("%s is below the limit of %s, %s", formatDuration(q.at), below.name, formatDuration(below.at)),
					"limits that do not fall")
			}
			below = q
		}
	}
}

// validateReach finds limits that no answer could miss.
func (d *decoder) validateReach(s *Scenario) {
	for _, set := range s.SLO.limitedTimes() {
		for _, q := range set {
			d.senseless(q.field, q.at > s.Timeout, fmt.Sprintf("%s is above the timeout, %s, so that no answer could miss it", formatDuration(q.at), formatDuration(s.Timeout)),
				"a limit below the timeout")
		}
	}
}

// validateGoodput finds a phase that asks for fewer answers than there must be.
func (d *decoder) validateGoodput(s *Scenario) {
	if s.SLO.Goodput == 0 || !d.sound("load") {
		return
	}
	for _, p := range s.Load {
		kind, open := arrivalsOf(p)
		even := open && !kind.Takes(arrivals.ParamTo) && p.Amplitude == 0 && p.Trace == nil
		d.senseless("slo.goodput", p.Measure && even && p.Rate < s.SLO.Goodput,
			fmt.Sprintf("phase %s asks for %s answers a second, so that there cannot be %s", p.Name, formatNumber(float64(p.Rate)), formatNumber(float64(s.SLO.Goodput))),
			"at most the rate of every measured phase")
	}
}
