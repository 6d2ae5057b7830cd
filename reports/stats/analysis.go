// Package stats turns a recorded run into the figures that every report shows:
// quantiles with their intervals, proportions, ratios between targets, whether
// the instrument can be believed, and the verdict on the SLO. All of it is a
// pure function of the record. It stands between reports/record and the
// formats.
package stats

import (
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/record"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Validity says whether the instrument can be believed.
type Validity string

// The validities. NoLoad is a run of starts alone: no load was sent, so there is
// no instrument to believe or not.
const (
	Valid   Validity = "VALID"
	Invalid Validity = "INVALID"
	NoLoad  Validity = "NO LOAD"
)

// Verdict is the judgement of a limit, a target or a run.
type Verdict string

// The verdicts, from best to worst. NoLimit is a run without an SLO.
const (
	NoLimit           Verdict = ""
	Pass              Verdict = "PASS"
	Inconclusive      Verdict = "INCONCLUSIVE"
	Fail              Verdict = "FAIL"
	InvalidInstrument Verdict = "INVALID"
)

// Analysis is everything a format needs to know about a run.
type Analysis struct {
	Run         *record.Run
	Validity    Validity
	Verdict     Verdict
	Diagnostics []Diagnostic // errors first
	Rows        []Row        // target × measured phase, pooled over rounds; targets in the scenario's order
	Cells       []Row        // target × measured phase × round; by round, and in one as they were run
	Gates       []Gate       // none of an A/B test, which is judged as a whole
	// SLO holds the limits that Gates judge by, By where they are from: "" of the
	// scenario's own, or what gave others ("--set slo.p99=20ms").
	SLO    record.SLO
	By     string
	Limits []string // flags that give a run these limits; none where it has them, or they are a file's
	Ratios []Ratio  // each target against Reference; empty with one target, and of an A/B test
	// Reference is the target the Ratios are relative to: the first that ran.
	Reference string
	Overhead  *Overhead    // nil when the scenario asks for none, or nothing was measured of it
	Stepped   []Stepped    // of the phases that have steps; targets in the scenario's order
	Saturated []Saturation // of the targets with several closed loops
	AB        *ABTest      // nil when the run compares no two servers
}

// Severity is how much a Diagnostic limits belief in a run.
type Severity int

// The severities. An error makes the run INVALID, a warning is about some of its
// figures, and a note asks for nothing.
const (
	SeverityWarning Severity = iota
	SeverityError
	SeverityNote
)

// String is the word for it.
func (s Severity) String() string { return [...]string{"warning", "error", "note"}[s] }

// Diagnostic is what limits belief in a figure or a run, with what to do next.
type Diagnostic struct {
	Rule      string // a stable identifier: "lag", "generator-cpu", "worker-cap"
	Severity  Severity
	Target    string // "" when it concerns the whole run
	Phase     string
	Round     int    // 0: all rounds
	Text      string // one sentence with the figure in it
	Figure    string // "lag p99 1.8 ms"
	Threshold string // "1 ms"
	Action    string // what to do next
}

// Row is what was measured of one target in one phase, in one round or pooled
// over all of them.
type Row struct {
	Target, Phase string
	Round         int           // 0: pooled over Rounds
	Rounds        int           // how many rounds are in it
	Concurrency   int           // of a closed loop; 0 of an open one
	Offered       float64       // per second, of what was due until the load was ended; of a closed loop nothing is offered
	Achieved      float64       // per second, as sent
	Span          time.Duration // of schedule, summed over rounds
	Played        time.Duration // of Span, until the load was ended
	NotDue        int64         // requests of the schedule after that: neither sent nor asked for
	Elapsed       time.Duration // until the last request was done or given up, summed over rounds
	Ledger        record.Ledger
	Errors        []record.ErrorCount // most frequent first
	// OKRate is correct answers per second, Goodput those of them inside the
	// SLO's deadline, see ThroughputMethod.
	OKRate, Goodput float64
	Response        stat.Distribution // of OK requests
	Service         stat.Distribution // of OK requests
	FirstByte       stat.Distribution // time to first byte, of OK requests; empty where the SLO does not limit it
	Lag             stat.Distribution // of requests sent
	Failed          stat.Distribution // response time of failed requests
	Agreement       stat.Proportion
	Accuracy        stat.Proportion
	// Attained is the share of the requests scheduled that were answered rightly
	// within the SLO's deadline: those that failed, were censored or were never sent
	// came too late. Of a load that somebody stopped it is the share of those sent.
	// N = 0: the SLO has no deadline.
	Attained stat.Proportion
	// Good is the share of the requests due that Goodput counts, GoodOver the time that
	// it counts them over.
	Good       stat.Proportion
	GoodOver   time.Duration
	Floor      *Floor          // the instrument's own share of Response; nil: not calibrated
	Classes    []Class         // of a mix, in its order
	Aborts     []Abort         // the rounds in which a condition of the scenario's ended the load
	Stopped    bool            // somebody ended the load of a round
	ColdStarts []time.Duration // start of the server → first answer, per round
	// Unanswered are the starts whose first answer was not right, up to their last
	// stage before it: how long they would have taken is not known, but longer.
	Unanswered []time.Duration
	Usage      record.Usage // CPU and Meters summed, Resident the largest
	// Instrument holds the SendingTime, SendingCPU and Polling of the round with the
	// busiest generator, and in OutOfRange also what a log held and its merged
	// histograms could not.
	Instrument record.Instrument
	Slices     []Slice // in time order; pooled rows hold every round's, one after the other
}

// Class is one class of request of a mix, pooled like the row it is in.
type Class struct {
	Name     string
	Ledger   record.Ledger
	Response stat.Distribution // of OK requests; its quantiles have no intervals
}

// Abort is the end of a load that a condition of the scenario's made.
type Abort struct {
	Round int
	After time.Duration // of sending
	Text  string        // the condition with its figure
}

// Slice is a stretch of one round: a second, longer in a long one.
type Slice struct {
	Round int
	record.Slice
	// Response and Lag are coarse, to two significant digits; nil when nothing
	// was OK, or nothing sent.
	Response *hdrhistogram.Histogram
	Lag      *hdrhistogram.Histogram
}

// Gate is one limit of the SLO, judged for one target and phase.
type Gate struct {
	Target, Phase string
	Metric        string // "p99 response time", "error rate", "agreement"
	Limit         string // "≤ 50 ms"
	Observed      string // "2.41 ms"
	Interval      string // "[2.36, 2.49] ms"; "" when there is none
	N             int64
	Of            string // what N counts: "requests", "answers", "rounds", "starts"
	Verdict       Verdict
	Why           string // when not PASS
	// Value is what Observed says, Bound what Limit says, in Unit: "s", "1/s", or
	// "1" of a share. Known is false where Observed is no figure.
	Value, Bound float64
	Unit         string
	Known        bool
	// Low and High are what Interval says, in Unit. HasInterval is false where there is
	// none, or where no figure bounds it.
	HasInterval bool
	Low, High   float64
	// More is about how many rounds in all would settle it, should the figure stay as
	// it is; 0: it is settled, or no number of rounds that may be played would.
	More int
	// InPart says that what was measured would be a PASS, and that more was planned.
	InPart bool
	// Note says what the figure leaves open; "" when there is nothing to say.
	Note string
}

// Ratio compares a target with the reference in one phase: target ÷ reference.
type Ratio struct {
	Target, Phase string
	Metric        string  // "p50", "p99", "goodput"
	Value         float64 // geometric mean over rounds
	HasInterval   bool    // false: fewer than three rounds
	Low, High     float64 // 95 %, see RatioMethod
	Rounds        int
}
