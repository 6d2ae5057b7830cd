package openmetrics

import (
	"strconv"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/document/sentence"
)

// figures are those of the targets, each metric with the bounds of its 95 % interval.
func figures(a *analysis.Analysis) []*family {
	var all []*family
	for _, k := range kinds(a) {
		all = append(all, k.families(a)...)
	}
	return append(all, offered(a))
}

// kind is a metric that figures of one sort go into.
type kind struct {
	of         string // as in a sample.Figure
	name, unit string // of the metric; the unit ends the name
	help       string
}

func kinds(a *analysis.Analysis) []kind {
	due := sentence.Due(a)
	return []kind{
		{"response time", "response_time", "seconds", "from when " + due + " until its right answer was there"},
		{"service time", "service_time", "seconds", "from when a request was sent until its right answer was there"},
		{"time to first byte", "first_byte", "seconds", "from when " + due + " until the first byte of its answer's body"},
		{"goodput", "goodput", "per_second", "right answers within the deadline of the SLO, per second"},
		{"answers per second", "answers", "per_second", "right answers per second"},
		{"error rate", "errors", "ratio", "share of the requests sent that failed or were never answered"},
		{"agreement", "agreement", "ratio", "share of the answers that are what the model says offline"},
		{"accuracy", "accuracy", "ratio", "share of the answers that are the label of their example"},
		{"CPU per answer", "cpu_per_answer", "seconds", "CPU time of the whole target for one right answer"},
		{"memory", "memory", "bytes", "resident memory of the whole target, the most of any round"},
		{"cold start", "cold_start", "seconds", "from the start of a server to its first right answer"},
	}
}

// families are the metric and the lower and upper ends of its 95 % intervals.
func (k kind) families(a *analysis.Analysis) []*family {
	value := newFamily(a, k.name+"_"+k.unit, k.unit, k.help)
	low := newFamily(a, k.name+"_lower_"+k.unit, k.unit, "lower end of the 95 % interval of servebench_"+k.name+"_"+k.unit)
	high := newFamily(a, k.name+"_upper_"+k.unit, k.unit, "upper end of the 95 % interval of servebench_"+k.name+"_"+k.unit)
	for _, r := range a.Rows {
		for _, f := range r.Figures() {
			if f.Of != k.of {
				continue
			}
			of := []label{{"target", r.Target}, {"phase", r.Phase}, {"quantile", quantileOf(f)}}
			value.add(f.Value, of...)
			if f.HasInterval {
				low.add(f.Low, of...)
				high.add(f.High, of...)
			}
		}
	}
	return []*family{value, low, high}
}

// quantileOf is the value of the label quantile: "0.99"; "" of no quantile.
func quantileOf(f sample.Figure) string {
	if f.Q == 0 {
		return ""
	}
	return strconv.FormatFloat(f.Q, 'g', -1, 64)
}

// offered is the load, of open loops.
func offered(a *analysis.Analysis) *family {
	f := newFamily(a, "offered_per_second", "per_second", "requests that were due per second, of an open loop")
	for _, r := range a.Rows {
		if r.Concurrency == 0 {
			f.add(r.Offered, label{"target", r.Target}, label{"phase", r.Phase})
		}
	}
	return f
}
