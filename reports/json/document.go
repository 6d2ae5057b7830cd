package jsonreport

import "servebench/reports/record"

// summary is the whole summary.
type summary struct {
	Schema     string `json:"schema"`
	Run        string `json:"run"` // the run's folder
	Scenario   string `json:"scenario"`
	Seed       uint64 `json:"seed"`
	Rounds     int    `json:"rounds"`
	ColdStarts int    `json:"cold_starts"` // starts without load, of each target
	// Validity is "VALID"; "INVALID": the instrument cannot be believed; "NO LOAD":
	// starts alone were measured, so there is no instrument to judge; "NO RESULT":
	// nothing was measured, and the Verdict, if any, is "INVALID".
	Validity string `json:"validity"`
	// Reason is the first of the errors that make the run INVALID; null: it is not.
	Reason      *reason      `json:"reason"`
	Verdict     *string      `json:"verdict"` // null: the scenario sets no limits
	Interrupted *string      `json:"interrupted"`
	Shortfall   *string      `json:"shortfall"` // why it holds less than was planned, and what is missing; null: it does not
	Diagnostics []diagnostic `json:"diagnostics"`
	Deployments []deployment `json:"deployments"` // every target that could run, with its cold starts
	Targets     []figures    `json:"targets"`     // pooled over rounds, one per target and measured phase
	Cells       []figures    `json:"cells"`       // the same per round
	// LimitsFrom says by which limits Gates judges: null, by the scenario's own.
	LimitsFrom  *string        `json:"limits_from"`
	Gates       []gate         `json:"gates"`
	Reference   *string        `json:"reference"` // what the ratios divide by
	Ratios      []ratio        `json:"ratios"`
	AB          *abTest        `json:"ab"`         // null: the run compares no two servers
	Overhead    *overheadSplit `json:"overhead"`   // null: the scenario asks for none
	Steps       []stepped      `json:"steps"`      // targets in phases with steps
	Saturation  []saturation   `json:"saturation"` // targets with several closed loops
	Unavailable []unavailable  `json:"unavailable"`
	LeftOut     []leftOut      `json:"left_out"` // phases not played because one before was ended
}

// figures are those of one target in one phase.
type figures struct {
	Target      string   `json:"target"`
	Phase       string   `json:"phase"`
	Round       int      `json:"round,omitempty"`  // cells only
	Rounds      int      `json:"rounds,omitempty"` // targets only
	Loop        string   `json:"loop"`             // "open", or "closed": workers wait for their answers
	Concurrency *int     `json:"concurrency"`      // null: an open loop
	OfferedRPS  *float64 `json:"offered_rps"`      // null: a closed loop offers none
	AchievedRPS float64  `json:"achieved_rps"`
	Scheduled   int64    `json:"scheduled"`
	Sent        int64    `json:"sent"`
	OK          int64    `json:"ok"`
	Failed      int64    `json:"failed"`
	Censored    int64    `json:"censored"`
	OKRPS       float64  `json:"ok_rps"`
	GoodputRPS  float64  `json:"goodput_rps"`
	ErrorRate   *float64 `json:"error_rate"` // failed ÷ (sent − censored)
	ErrorRateCI *pair    `json:"error_rate_ci"`
	// Attainment is the share of requests scheduled that were answered rightly within
	// the SLO's deadline; null: it has none.
	Attainment   *float64  `json:"attainment"`
	AttainmentCI *pair     `json:"attainment_ci"`
	Agreement    *float64  `json:"agreement"`
	AgreementCI  *pair     `json:"agreement_ci"`
	Accuracy     *float64  `json:"accuracy"`
	AccuracyCI   *pair     `json:"accuracy_ci"`
	ColdStart    *float64  `json:"cold_start_ms"`  // median over rounds
	ColdStarts   []float64 `json:"cold_starts_ms"` // in the order of rounds
	// Unanswered are the starts whose first answer was not right, up to their last
	// stage before it.
	Unanswered  []float64  `json:"unanswered_starts_ms"`
	FirstByte   *latencies `json:"first_byte_ms"` // time to first byte; null: the SLO does not limit it
	FirstByteCI *intervals `json:"first_byte_ms_ci"`
	Response    latencies  `json:"response_ms"`
	ResponseCI  intervals  `json:"response_ms_ci"`
	Service     latencies  `json:"service_ms"`
	ServiceCI   intervals  `json:"service_ms_ci"`
	Lag         latencies  `json:"lag_ms"`
	Floor       *floor     `json:"floor"` // the instrument's own share of Response; null: not calibrated
	CPUSeconds  *float64   `json:"cpu_seconds"`
	RSSBytes    *int64     `json:"rss_bytes"`
	Meters      []meter    `json:"meters"`        // what the target itself counted
	Generator   *float64   `json:"generator_cpu"` // share of what it was given
	Errors      []failures `json:"errors"`        // most frequent first
	Classes     []class    `json:"classes"`       // of a mix
	Aborted     []abort    `json:"aborted"`       // rounds in which abort_on or the end of the server ended the load
}

// pair is the lower and the upper end of a 95 % interval.
type pair [2]float64

// latencies are in milliseconds; null is a quantile without enough samples.
type latencies struct {
	P50  *float64 `json:"p50"`
	P90  *float64 `json:"p90"`
	P99  *float64 `json:"p99"`
	P999 *float64 `json:"p999"`
	Max  *float64 `json:"max"`
}

// intervals are the 95 % intervals of the quantiles; null where there is none.
type intervals struct {
	P50  *pair `json:"p50"`
	P90  *pair `json:"p90"`
	P99  *pair `json:"p99"`
	P999 *pair `json:"p999"`
}

type failures struct {
	Class   string `json:"class"`
	Count   int64  `json:"count"`
	Example string `json:"example"`
}

func newFailures(all []record.ErrorCount) []failures {
	list := []failures{}
	for _, e := range all {
		list = append(list, failures(e))
	}
	return list
}

type diagnostic struct {
	Rule      string  `json:"rule"`
	Severity  string  `json:"severity"`
	Target    *string `json:"target"` // null: the whole run
	Phase     *string `json:"phase"`
	Round     *int    `json:"round"` // null: all rounds
	Text      string  `json:"text"`
	Figure    string  `json:"figure"`
	Threshold string  `json:"threshold"`
	Action    string  `json:"action"`
}

type gate struct {
	Target   string  `json:"target"`
	Phase    *string `json:"phase"` // null: the starts of the target, which have none
	Metric   string  `json:"metric"`
	Limit    string  `json:"limit"`
	Observed string  `json:"observed"`
	Interval *string `json:"interval"`
	N        int64   `json:"n"`
	Of       string  `json:"n_of"` // what N counts: "requests", "answers", "rounds" or "starts"
	Verdict  string  `json:"verdict"`
	Why      *string `json:"why"`  // null when it passed
	Note     *string `json:"note"` // what the figure leaves open
	// Bound, Value and CI say in Unit ("s", "1/s", "1" of a share) what Limit, Observed
	// and Interval do; null where these are no figures.
	Unit  string   `json:"unit"`
	Bound float64  `json:"bound"`
	Value *float64 `json:"value"`
	CI    *pair    `json:"ci"`
	More  *int     `json:"more_rounds"` // about how many rounds in all would settle it
}

type ratio struct {
	Target string  `json:"target"`
	Phase  string  `json:"phase"`
	Metric string  `json:"metric"`
	Value  float64 `json:"value"` // target ÷ reference
	CI     *pair   `json:"ci"`
	Rounds int     `json:"rounds"`
}

type unavailable struct {
	Target string `json:"target"`
	Why    string `json:"why"`
}
