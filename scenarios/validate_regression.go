package scenarios

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

func (d *decoder) validateRegression(s *Scenario) {
	if s.Regression == nil || !d.sound("regression", "load") {
		return
	}
	const metrics = "regression.metrics"
	for i, m := range s.Regression.Metrics {
		if slices.Index(s.Regression.Metrics, m) < i {
			d.fault(element(metrics, i), fmt.Sprintf("%q is in the list already", m), "each metric once")
			return
		}
	}
	measured := slices.DeleteFunc(slices.Clone(s.Load), func(p Phase) bool { return !p.Measure })
	if n := len(s.Regression.Metrics) * len(measured); n > mostHypotheses {
		d.fault(metrics, fmt.Sprintf("%d metrics in %d measured phases are %d to compare", len(s.Regression.Metrics), len(measured), n),
			fmt.Sprintf("at most %d, since with each the others are judged more strictly", mostHypotheses))
	}
	if r := s.Regression; r.Margin >= r.Tolerance {
		d.fault("regression.tolerance", fmt.Sprintf("%s is not above the margin, %s: a candidate could be good enough to pass and bad enough to fail", formatFraction(r.Tolerance), formatFraction(r.Margin)),
			"a tolerance above the margin")
	}
	// Of the metrics, the one that needs the most requests: what is enough for it is for all.
	most := slices.MaxFunc(s.Regression.Metrics, func(a, b string) int { return cmp.Compare(leastRequests(a), leastRequests(b)) })
	for _, p := range measured {
		d.validateSample(most, p)
	}
}

// validateSample finds a phase with too few requests in a round for a metric. How many
// a closed loop has, or a trace, is not known here.
func (d *decoder) validateSample(metric string, p Phase) {
	least := leastRequests(metric)
	kind, ok := arrivalsOf(p)
	if least == 0 || p.Concurrency > 0 || p.Trace != nil || !ok {
		return
	}
	process, err := kind.New(p.config())
	if err != nil { // which is told elsewhere
		return
	}
	shape := process.Shape()
	if n := float64(shape.Arrivals); n < least {
		longer := time.Duration(math.Ceil(least/shape.Rate*10)) * 100 * time.Millisecond
		d.fault("regression.metrics", fmt.Sprintf("%s needs %s requests in a round, and phase %s has %s", metric, formatNumber(least), p.Name, formatNumber(n)),
			fmt.Sprintf("load.%s.duration of %s or more, a higher rate, or other metrics", p.Name, formatDuration(longer)))
	}
}
