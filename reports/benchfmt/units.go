package benchfmt

import (
	"math"
	"slices"
	"strings"

	"servebench/reports/analysis"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/format"

	"golang.org/x/perf/benchfmt"
)

// units says of each unit whether more of it is better.
func units(a *analysis.Analysis) []*benchfmt.UnitMetadata {
	var all []*benchfmt.UnitMetadata
	var told []string
	for _, r := range a.Cells {
		for _, f := range r.Figures() {
			name := unitOf(f)
			if slices.Contains(told, name) {
				continue
			}
			told = append(told, name)
			better := "lower"
			if f.More {
				better = "higher"
			}
			all = append(all, &benchfmt.UnitMetadata{
				UnitMetadataKey: benchfmt.UnitMetadataKey{Unit: name, Key: "better"}, OrigUnit: name, Value: better,
			})
		}
	}
	return all
}

// newValue is a figure in its unit: times as whole nanoseconds, as Go's own.
func newValue(f sample.Figure) benchfmt.Value {
	v := format.Significant(f.Value)
	if f.Unit == stat.Seconds {
		v = math.Round(f.Value * 1e9)
	}
	return benchfmt.Value{Value: v, Unit: unitOf(f)}
}

// unitOf names a figure by its unit, as benchmarks do: "p99-ns", "p99-service-ns",
// "goodput/s", "errors". What has ns or B in it is scaled by benchstat.
func unitOf(f sample.Figure) string {
	name := strings.ReplaceAll(strings.ToLower(f.Of), " ", "-")
	switch name {
	case "response-time":
		name = format.Quantile(f.Q)
	case "service-time":
		name = format.Quantile(f.Q) + "-service"
	case "time-to-first-byte":
		name = format.Quantile(f.Q) + "-first-byte"
	case "answers-per-second":
		name = "answers"
	case "cpu-per-answer":
		return "cpu-ns/op"
	}
	switch f.Unit {
	case stat.Seconds:
		return name + "-ns"
	case "1/s":
		return name + "/s"
	case stat.Bytes:
		return name + "-B"
	}
	return name
}
