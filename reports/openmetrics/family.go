package openmetrics

import (
	"servebench/reports/analysis"
	"servebench/reports/format"
	"servebench/reports/record"

	dto "github.com/prometheus/client_model/go"
)

// family is a metric with its samples, all of them gauges: a run is over, and none
// of its figures counts on.
type family struct {
	*dto.MetricFamily
	scenario string
}

// label is a name and its value.
type label struct{ name, value string }

// newFamily is one without samples. The name ends in the unit, as OpenMetrics wants
// it; "" is a metric without one.
func newFamily(a *analysis.Analysis, name, unit, help string) *family {
	f := &family{&dto.MetricFamily{Name: new("servebench_" + name), Help: &help, Type: dto.MetricType_GAUGE.Enum()}, a.Run.Scenario.Name}
	if unit != "" {
		f.Unit = &unit
	}
	return f
}

// add takes a sample. Labels without a value are left out.
func (f *family) add(value float64, labels ...label) {
	m := &dto.Metric{Gauge: &dto.Gauge{Value: new(format.Significant(value))}}
	for _, l := range append([]label{{"scenario", f.scenario}}, labels...) {
		if v := format.Plain(l.value); v != "" {
			m.Label = append(m.Label, &dto.LabelPair{Name: new(l.name), Value: &v})
		}
	}
	f.Metric = append(f.Metric, m)
}

// addVerdict takes a sample for each verdict there is, 1 for the one that was found:
// a reader that compares two files sees a value change, not a metric come and go.
func (f *family) addVerdict(found record.Verdict, labels ...label) {
	for _, v := range []record.Verdict{record.Pass, record.Fail, record.Inconclusive, record.InvalidInstrument} {
		value := 0.0
		if v == found {
			value = 1
		}
		f.add(value, append(labels, label{"verdict", string(v)})...)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
