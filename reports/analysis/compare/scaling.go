package compare

import (
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/scaling"
	"servebench/reports/analysis/stat"

	gonum "gonum.org/v1/gonum/stat"
)

// scalingMetric is a figure of how the replicas followed the load in a round.
type scalingMetric struct {
	name string
	unit stat.Unit
	of   func(scaling.Trial) (value float64, known bool)
}

func scalingMetrics() []scalingMetric {
	return []scalingMetric{
		{"scale-out decided", stat.Seconds, timed(func(t scaling.Trial) *time.Duration { return t.Decided })},
		{"p99 back", stat.Seconds, timed(func(t scaling.Trial) *time.Duration { return t.Users.Recovered })},
		{"p99 over the limit", stat.Seconds, func(t scaling.Trial) (float64, bool) { return t.Users.Over.Seconds(), t.Users.Limit > 0 }},
		{"scale-in decided", stat.Seconds, timed(func(t scaling.Trial) *time.Duration { return t.Reduced })},
	}
}

func timed(of func(scaling.Trial) *time.Duration) func(scaling.Trial) (float64, bool) {
	return func(t scaling.Trial) (float64, bool) {
		d := of(t)
		if d == nil {
			return 0, false
		}
		return d.Seconds(), true
	}
}

// scalingFigures compare how the replicas followed the load, where either run tells.
func scalingFigures(base, fresh *analysis.Analysis, p targetPhase) []Figure {
	var all []Figure
	for _, m := range scalingMetrics() {
		f := ratio(scalingValues(base, p, m), scalingValues(fresh, p, m))
		f.Target, f.Phase, f.Metric, f.Unit = p.target, p.phase, m.name, m.unit
		if f.Base.Known || f.New.Known {
			all = append(all, f)
		}
	}
	return all
}

func scalingValues(a *analysis.Analysis, p targetPhase, m scalingMetric) values {
	var s values
	for _, t := range a.Scaling {
		if v, known := m.of(t); known && t.Target == p.target && t.Phase == p.phase {
			s.rounds = append(s.rounds, v)
		}
	}
	if n := len(s.rounds); n > 0 {
		s.pooled = Value{Known: true, Value: gonum.Mean(s.rounds, nil), N: n}
	}
	return s
}
