package stats

import (
	"servebench/reports/analysis/stat"
)

// ABTest is what the rounds say of the candidate of a run with a record.ABTest.
type ABTest struct {
	Verdict Verdict
	Why     string // one sentence, with the figure that decided
	Same    bool   // both variants are the same server: it is the noise that is looked for
	// Pairs is how many rounds both variants have; Interim the number of the interim analysis that was
	// reached last, from 1, 0 for none, and Interims how many there are.
	Pairs, Interim, Interims int
	Lost                     []int      // rounds that have no pair, though both variants were to be measured in them
	Metrics                  []ABMetric // by phase, and in one in the order of the record's Metrics
	// Errors compares the shares of requests that were not answered rightly; by
	// measured phase.
	Errors []ABErrors
	// More is about how many rounds in all would settle it; 0: it is settled, or no
	// number of rounds that may be played would. Command adds them to the run. Anew is
	// about how many a new A/B test would take, where these are fewer than are to be added;
	// else 0.
	More, Anew int
	Command    string
}

// ABMetric compares the variants in one metric of one phase.
type ABMetric struct {
	Phase, Name string
	// Ratio is candidate ÷ baseline (Hodges–Lehmann over the pairs), Low and High are
	// its bounds at the interim analysis that was reached last, 0 and +Inf where there is none. All
	// three are those of nothing where there is no pair: 1, 0 and +Inf. A Ratio of +Inf
	// is that of a candidate that never answers where the baseline does.
	Ratio, Low, High float64
	Less             bool // less is worse: a throughput
	P                float64
	Spread           float64 // robust standard deviation of the pairs' log ratios
	Pairs            []Pair  // by round, those beyond the interim analysis that was reached last included
	N                int64   // requests of each variant in them, or starts; of two numbers the smaller
	Interims         []ABInterim
	Verdict          Verdict
	Why              string // one sentence
}

// ABInterim is what an interim analysis said of a metric: its Ratio, Low and High there.
type ABInterim struct {
	Pairs            int
	Ratio, Low, High float64
}

// Pair are the figures of one round, in the metric's unit: nanoseconds, or a rate
// per second. A time of +Inf is that of a quantile which fell on requests without a
// right answer.
type Pair struct {
	Round               int
	Baseline, Candidate float64
	CandidateFirst      bool
}

// ABErrors compares the error rates of the variants in one phase.
type ABErrors struct {
	Phase               string
	Baseline, Candidate stat.Proportion
	P                   float64 // one-sided, of as many more errors by chance
	Verdict             Verdict
	Why                 string // when not PASS
}
