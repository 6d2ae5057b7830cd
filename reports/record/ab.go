package record

// ABTest is the comparison of a candidate with a baseline, round by round: in each the
// same load is played on a fresh server of either, in an order that is drawn.
type ABTest struct {
	Baseline  Variant `json:"baseline"`
	Candidate Variant `json:"candidate"`
	// Same says that both variants are the same server: what differs between them is the
	// noise of this machine.
	Same bool `json:"same,omitempty"`
	// Metrics are what is compared, in every measured phase.
	Metrics []string `json:"metrics" redact:"-"`
	// Margin is the least that the candidate has to be worse by to fail, Tolerance what
	// one that passes is surely not worse by: 0.05 for 5 %.
	Margin    float64 `json:"margin"`
	Tolerance float64 `json:"tolerance"`
	// Interims are the numbers of rounds after which the comparison may end, ascending:
	// as planned before the first of them, and with those that were added later.
	Interims []Interim `json:"interim_analyses"`
	// Noise is what was found of this machine when it compared such a server with
	// itself; nil: that was not done.
	Noise *Noise `json:"noise,omitempty"`
}

// Variant is one of the two servers of an ABTest.
type Variant struct {
	Target string `json:"target" redact:"-"` // its name among the run's Targets: Baseline or Candidate
	Source string `json:"source"`            // as the user gave it: "v1.2", "bin/server", "workload.delay=60us"
	Kind   string `json:"kind" redact:"-"`   // the kind of target that it runs on: "physical"
	Text   string `json:"text" redact:"-"`   // its resolved scenario as YAML
	Facts  Facts  `json:"facts,omitempty"`
}

// The names of the variants among the Targets of a run with an ABTest.
const (
	Baseline  = "baseline"
	Candidate = "candidate"
)

// Interim is a number of rounds after which an ABTest may end, with what it may err there
// (see package reports/analysis/stat/paired).
type Interim struct {
	Pairs int     `json:"pairs"`
	Alpha float64 `json:"alpha"` // probability of a false FAIL, over all metrics
	Beta  float64 `json:"beta"`  // of a false PASS
}

// RoundInterrupted is why the cells of a round are Discarded that an interruption left
// unfinished and that was rerun as a whole when the A/B test was continued.
const RoundInterrupted = "the round was interrupted"

// RoundUnjudged is why the cells of a round are Discarded that could not be judged: a
// server was built anew under way, say. The run's Faults say why.
const RoundUnjudged = "the round could not be judged"

// Noise is what an A/B test of a server with itself found.
type Noise struct {
	Rounds int `json:"rounds"` // pairs of them
	// Floors are the least differences that so many rounds can tell from noise on this
	// machine, by metric: 0.02 for 2 %.
	Floors map[string]float64 `json:"floors"`
}

// The metrics that an ABTest can compare.
const (
	MetricP50       = "p50" // of the response time
	MetricP90       = "p90"
	MetricP99       = "p99"
	MetricP999      = "p99.9"
	MetricGoodput   = "goodput"    // good answers per second: less is worse
	MetricCPU       = "cpu"        // the server's CPU time per request
	MetricColdStart = "cold start" // from the server's start to its first answer
)

// Metrics are the names of all of them.
func Metrics() []string {
	return []string{MetricP50, MetricP90, MetricP99, MetricP999, MetricGoodput, MetricCPU, MetricColdStart}
}
