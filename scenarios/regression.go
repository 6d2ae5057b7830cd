package scenarios

import "servebench/reports/record"

// Regression says when a candidate counts as worse than a baseline, for A/B tests.
type Regression struct {
	Metrics   []string // what is compared, in every measured phase: names of record.Metrics
	Margin    float64  // the least that it has to be worse by to fail: 0.03 for 3 %
	Tolerance float64  // what a candidate that passes is surely not worse by
	Rounds    int      // at most so many
}

// mostHypotheses is how many metrics an A/B test compares at most, each phase counting for
// itself: with each the others are judged more strictly.
const mostHypotheses = 5

// defaultMetrics are compared where none are named.
func defaultMetrics() []string { return []string{record.MetricP50, record.MetricP90} }

// leastRequests is how many requests of a phase it takes in a round for a quantile of
// them to be a figure of its own and not of chance; 0 of what is no quantile.
func leastRequests(metric string) float64 {
	return map[string]float64{
		record.MetricP50: 200, record.MetricP90: 300, record.MetricP99: 2000, record.MetricP999: 20_000,
	}[metric]
}
