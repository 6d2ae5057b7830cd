package jsonreport

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"servebench/reports/analysis/ab"
	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/capacity/search"
	"servebench/reports/analysis/compare"
	"servebench/reports/analysis/gate"
	"servebench/reports/analysis/overhead"
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/scaling"
	"servebench/reports/analysis/stat"
	"servebench/reports/analysis/sweep"
	"servebench/reports/document/sentence"
	"servebench/reports/format"
	"servebench/reports/prices"
	"servebench/reports/record"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// marshalers say how values are written: an unknown one as null, durations as
// milliseconds, intervals as pairs, and what a type tells by its methods beside its
// fields.
func marshalers() *json.Marshalers {
	return json.JoinMarshalers(
		json.MarshalToFunc(func(e *jsontext.Encoder, s string) error {
			if s == "" {
				return e.WriteToken(jsontext.Null)
			}
			return e.WriteToken(jsontext.String(s))
		}),
		json.MarshalToFunc(func(e *jsontext.Encoder, v float64) error { return writeNumber(e, v) }),
		json.MarshalToFunc(func(e *jsontext.Encoder, d time.Duration) error { return writeNumber(e, milliseconds(d)) }),
		as(func(v record.Verdict) string { return string(v) }),
		as(func(s record.Severity) string { return s.String() }),
		as(distribution), as(times), as(proportion), as(newRow), as(newFloor),
		as(func(g gate.Gate) judged {
			return judged{g, sentence.NewLimit(g), known(g.Value, g.Missing == ""), interval(g.HasInterval, g.Low, g.High)}
		}),
		as(func(r sample.Ratio) ratio { return ratio{r, interval(r.HasInterval, r.Low, r.High)} }),
		as(newFigure), as(newOverhead), as(overheadPart),
		as(func(s capacity.Stepped) stepped { return stepped{s, sentence.StepsResult(s)} }), as(newStep), as(func(b capacity.Break) broke { return broke{b, sentence.BreakWhy(b)} }), as(newDifference),
		as(func(t scaling.Trial) scaled { return scaled{t, sentence.ScalingResult(t)} }),
		as(newSaturation), as(newPoint), as(newSearched), as(newSearchStep), as(newSizes), as(newSize), as(newVariant), as(newStart),
	)
}

// as writes a type as another one.
func as[T, U any](convert func(T) U) *json.Marshalers {
	return json.MarshalToFunc(func(e *jsontext.Encoder, v T) error { return json.MarshalEncode(e, convert(v), e.Options()) })
}

// known is null when the value is not known.
func known[T any](v T, is bool) *T {
	if !is {
		return nil
	}
	return &v
}

// pair is the lower and the upper end of a 95 % interval.
type pair[T any] *[2]T

func interval[T any](is bool, low, high T) pair[T] { return known([2]T{low, high}, is) }

func milliseconds(d time.Duration) float64 {
	return format.Significant(float64(d) / float64(time.Millisecond))
}

// writeNumber keeps five digits, and a thousandth; what has no end is null, which JSON
// does not know.
func writeNumber(e *jsontext.Encoder, v float64) error {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return e.WriteToken(jsontext.Null)
	}
	rounded := format.Significant(v)
	if math.Abs(v) >= 100 {
		rounded = math.Round(v*1000) / 1000
	}
	return e.WriteValue(jsontext.Value(strconv.FormatFloat(rounded, 'f', -1, 64)))
}

// latencies are a distribution in milliseconds; null is a quantile, or an interval, that
// the samples are too few for.
type latencies struct {
	N      int64               `json:"n"`
	Min    *time.Duration      `json:"min,omitzero"`
	P50    *time.Duration      `json:"p50"`
	P50CI  pair[time.Duration] `json:"p50_ci"`
	P90    *time.Duration      `json:"p90"`
	P90CI  pair[time.Duration] `json:"p90_ci"`
	P99    *time.Duration      `json:"p99"`
	P99CI  pair[time.Duration] `json:"p99_ci"`
	P999   *time.Duration      `json:"p999"`
	P999CI pair[time.Duration] `json:"p999_ci"`
	Max    time.Duration       `json:"max"`
}

// distribution is null without samples.
func distribution(d stat.Distribution) *latencies {
	at := func(i int) *time.Duration { return known(d.Quantiles[i].Value, d.Quantiles[i].Known) }
	ci := func(i int) pair[time.Duration] {
		return interval(d.Quantiles[i].HasInterval, d.Quantiles[i].Low, d.Quantiles[i].High)
	}
	return known(latencies{N: d.N, P50: at(0), P50CI: ci(0), P90: at(1), P90CI: ci(1), P99: at(2), P99CI: ci(2), P999: at(3), P999CI: ci(3), Max: d.Max}, d.N > 0)
}

// times are those of starts; null without any.
func times(t sample.Times) *latencies {
	ci := func(q stat.Quantile) pair[time.Duration] { return interval(q.Known && q.HasInterval, q.Low, q.High) }
	return known(latencies{N: int64(t.N), Min: &t.Min, P50: &t.Median.Value, P50CI: ci(t.Median), P90: known(t.P90.Value, t.P90.Known), P90CI: ci(t.P90), Max: t.Max}, t.N > 0)
}

// share has all its digits: 299,999 of 300,000 must not read 1.
type share float64

// portion is a share of so many.
type portion struct {
	Value share         `json:"value"`
	CI    pair[float64] `json:"ci"`
	K     int64         `json:"k"`
	N     int64         `json:"n"`
}

// proportion is null of none.
func proportion(p stat.Proportion) *portion {
	return known(portion{share(p.Value), &[2]float64{p.Low, p.High}, p.K, p.N}, p.N > 0)
}

// row has what a Row tells by its methods.
type row struct {
	sample.Row  `json:",inline"`
	Concurrency *int            `json:"concurrency"`   // null: an open loop
	Offered     *float64        `json:"offered_rps"`   // null: a closed loop offers none
	Loop        string          `json:"loop"`          // "open", or "closed": workers wait for their answers
	ErrorRate   stat.Proportion `json:"error_rate"`    // failed ÷ (sent − censored)
	ColdStart   *time.Duration  `json:"cold_start_ms"` // median over rounds
	CPU         *float64        `json:"cpu_seconds"`
	RSS         *int64          `json:"rss_bytes"`
	Meters      []meter         `json:"meters"`        // what the target itself counted
	Generator   *float64        `json:"generator_cpu"` // share of what it was given
}

// meter is a meter's count, and that per request sent.
type meter struct {
	record.Meter `json:",inline"`
	PerRequest   *float64 `json:"per_request"`
}

func newRow(r sample.Row) row {
	// Nothing that runs holds no memory: a zero is a reading that could not be taken.
	x := row{
		Row: r, Loop: "open", Concurrency: known(r.Concurrency, r.Concurrency > 0), Offered: known(r.Offered, r.Concurrency == 0), ErrorRate: r.ErrorRate(),
		CPU: known(r.Usage.CPU.Seconds(), r.Usage.CPUKnown()), RSS: known(r.Usage.Resident, r.Usage.Known && r.Usage.Resident > 0),
	}
	if r.Concurrency > 0 {
		x.Loop = "closed"
	}
	if n := len(r.ColdStarts); n > 0 {
		x.ColdStart = &slices.Sorted(slices.Values(r.ColdStarts))[(n-1)/2]
	}
	share, is := r.GeneratorCPU()
	x.Generator = known(share, is)
	for _, m := range r.Usage.Meters {
		each, is := r.PerRequest(m)
		x.Meters = append(x.Meters, meter{m, known(each, is)})
	}
	return x
}

// floor is what the load generator takes of itself at the load's rate, in milliseconds;
// null is a quantile that calibration could not tell.
type floor struct {
	P50        *time.Duration `json:"p50"`
	P90        *time.Duration `json:"p90"`
	P99        *time.Duration `json:"p99"`
	P999       *time.Duration `json:"p999"`
	Rate       float64        `json:"rps"` // the rate it is told for
	Calibrated time.Time      `json:"calibrated"`
}

func newFloor(f sample.Floor) floor {
	at := func(i int) *time.Duration { return known(f.Quantiles[i], f.Quantiles[i] > 0) }
	return floor{at(0), at(1), at(2), at(3), f.Rate, f.Created}
}

type judged struct {
	gate.Gate      `json:",inline"`
	sentence.Limit `json:",inline"`
	Value          *float64      `json:"value"` // Observed in Unit ("s", "1/s", "1" of a share), as Bound is Limit
	CI             pair[float64] `json:"ci"`
}

type ratio struct {
	sample.Ratio `json:",inline"`
	CI           pair[float64] `json:"ci"`
}

// figure is one metric in both runs.
type figure struct {
	Target     string        `json:"target"`
	Phase      string        `json:"phase"` // null: of a cold start
	Metric     string        `json:"metric"`
	Unit       stat.Unit     `json:"unit"` // "s", "1/s", "1"
	Base       *float64      `json:"base"` // null: not known
	New        *float64      `json:"new"`
	BaseN      int           `json:"base_n"` // rounds, or starts
	NewN       int           `json:"new_n"`
	Pooled     bool          `json:"pooled"`     // of all rounds together
	Ratio      *float64      `json:"ratio"`      // new ÷ base; null: of an error rate
	Difference *float64      `json:"difference"` // new − base; null: of all others
	CI         pair[float64] `json:"ci"`         // of the ratio, or the difference
}

func newFigure(f compare.Figure) figure {
	share := f.Unit == stat.Share
	return figure{
		f.Target, f.Phase, f.Metric, f.Unit, known(f.Base.Value, f.Base.Known), known(f.New.Value, f.New.Known), f.Base.N, f.New.N, f.Base.Pooled,
		known(f.Change, f.Known && !share), known(f.Change, f.Known && share), interval(f.HasInterval, f.Low, f.High),
	}
}

// overheads splits each target's quantiles into what the target costs and the model.
type overheads struct {
	Noop   string     `json:"noop"`  // the phase whose model computes nothing
	Model  string     `json:"model"` // the phase with the real one
	Base   string     `json:"base"`  // what the ratios divide by
	Method string     `json:"method"`
	Splits []splitRow `json:"splits"`
}

// splitRow is the split of one quantile: overhead + model = whole; null without enough
// samples.
type splitRow struct {
	Target   string         `json:"target"`
	Quantile float64        `json:"quantile"`
	Rounds   int            `json:"rounds"`
	Whole    *time.Duration `json:"whole_ms"`
	Overhead *overhead.Part `json:"overhead"`
	Model    *overhead.Part `json:"model"`
}

func newOverhead(o overhead.Result) overheads {
	x := overheads{Noop: o.Noop.Name, Model: o.Model.Name, Base: o.Base, Method: sentence.OverheadMethod}
	for _, r := range o.Rows {
		x.Splits = append(x.Splits, splitRow{r.Target, r.Q, r.Rounds, known(r.Whole, r.Known), known(r.Overhead, r.Known), known(r.Model, r.Known)})
	}
	return x
}

// split is one part.
type split struct {
	Value time.Duration       `json:"ms"` // of a model below zero where the noise is larger
	CI    pair[time.Duration] `json:"ms_ci"`
	// AboveNoise: false means that the noise hides it: Value may be that of nothing.
	AboveNoise bool          `json:"above_noise"`
	Ratio      *float64      `json:"ratio"` // to the base's part; null of the base, and where noise hides one of the two
	RatioCI    pair[float64] `json:"ratio_ci"`
}

func overheadPart(p overhead.Part) split {
	return split{p.Value, interval(p.HasInterval, p.Low, p.High), p.ToldApart, known(p.Ratio, p.HasRatio), interval(p.HasRatioInterval, p.RatioLow, p.RatioHigh)}
}

// scaled has what is said of a Trial.
type scaled struct {
	scaling.Trial `json:",inline"`
	Says          string `json:"says"` // in sentences
}

type stepped struct {
	capacity.Stepped `json:",inline"`
	Says             string `json:"says"` // the result in words
}

// broke is where a target broke, and why.
type broke struct {
	capacity.Break `json:",inline"`
	Why            string `json:"why"`
}

// difference is a setting in which two runs differ.
type difference struct {
	compare.Difference `json:",inline"`
	Base               string `json:"base"`
	New                string `json:"new"`
}

func newDifference(d compare.Difference) difference {
	base, fresh := sentence.DifferenceValues(d)
	return difference{d, base, fresh}
}

// step is one step.
type step struct {
	Start         time.Duration `json:"start_ms"`
	Duration      time.Duration `json:"duration_ms"`
	Rate          float64       `json:"rps"`
	Rounds        int           `json:"rounds"` // in which it was begun
	record.Ledger `json:",inline"`
	Sent          float64           `json:"sent_rps"`
	Answered      float64           `json:"ok_rps"` // of requests due in it and answered before its grace was over
	ErrorRate     stat.Proportion   `json:"error_rate"`
	Response      stat.Distribution `json:"response_ms"`
	Broke         int               `json:"broke"` // rounds in which it was the first not held
}

func newStep(s capacity.Step) step {
	return step{s.Start, s.Duration, s.Rate, s.Rounds, s.Ledger, s.Sent, s.Answered, s.ErrorRate(), s.Response, s.Broke}
}

// saturation is what a target answers at most.
type saturation struct {
	Target      string           `json:"target"`
	Most        capacity.Point   `json:"most"`               // with the highest mean of right answers per second
	Concurrency int              `json:"concurrency"`        // of that
	Lowest      int              `json:"lowest_concurrency"` // whose throughput is within 5 % of it
	Says        string           `json:"says"`               // the result in words
	Points      []capacity.Point `json:"points"`
}

func newSaturation(s capacity.Saturation) saturation {
	most := s.Points[s.Most]
	return saturation{s.Target, most, most.Concurrency, s.Points[s.Fewest].Concurrency, sentence.SaturationResult(s), s.Points}
}

// point is one closed loop.
type point struct {
	Phase       string            `json:"phase"`
	Concurrency int               `json:"concurrency"`
	Rate        float64           `json:"ok_rps"`
	CI          pair[float64]     `json:"ok_rps_ci"`
	Rounds      int               `json:"rounds"`
	Response    stat.Distribution `json:"response_ms"`
}

func newPoint(p capacity.Point) point {
	return point{p.Phase, p.Concurrency, p.Rate, interval(p.HasInterval, p.Low, p.High), p.Rounds, p.Row.Response}
}

// searched is what the search for a target's capacity came to.
type searched struct {
	Target     string                `json:"target"`
	Certified  *float64              `json:"certified_rps"` // the highest rate shown to hold the SLO; null: none is
	Confidence float64               `json:"confidence"`    // that it does
	Breaks     *float64              `json:"breaks_rps"`    // the lowest rate shown not to; null: none is
	NotHeld    *float64              `json:"not_held_rps"`  // the lowest rate that did not hold as far as was seen; null: all held
	Capped     bool                  `json:"capped"`        // the certified rate is the highest that was asked for
	Knee       *float64              `json:"knee_rps"`      // of the rates that were played, that with the most goodput per response time; null: not known
	LimitedBy  string                `json:"limited_by"`    // "memory", "throttle", "errors", "cpu", "others" or "queue"; null: not known
	N          int64                 `json:"n"`             // requests of the last attempt at a certificate
	Probes     int                   `json:"probes"`
	Attempts   int                   `json:"attempts"` // at a certificate
	Result     string                `json:"result"`
	Steps      []capacity.SearchStep `json:"steps"` // in the order they were played
}

func newSearched(s capacity.Searched) searched {
	knee, bent := s.Curve.Knee()
	return searched{
		Target: s.Target, Certified: known(s.Certified, s.Certified > 0), Confidence: search.Confidence, Breaks: known(s.Breaks, s.Breaks > 0),
		NotHeld: known(s.NotHeld, s.NotHeld > 0), Capped: s.Capped,
		Knee: known(knee.Rate, bent), LimitedBy: string(s.LimitedBy), N: s.Requests, Probes: s.Probes, Attempts: s.Attempts, Result: sentence.CapacityResult(s), Steps: s.Steps,
	}
}

// sizes are those of a sweep that are compared.
type sizes struct {
	Phase   string         `json:"phase"` // null: of a search for capacities
	Basis   sweep.Basis    `json:"basis"`
	Unit    string         `json:"unit"`     // of the cost
	Q       float64        `json:"quantile"` // of the response time, by which they are compared
	Prices  []prices.Price `json:"prices"`
	Entries []sizeIn       `json:"sizes"`
}

// sizeIn is a size in the group that it is compared in.
type sizeIn struct {
	group sweep.Group
	sweep.Point
}

func newSizes(g sweep.Group) sizes {
	all := sizes{Phase: g.Phase, Basis: g.Basis, Unit: sentence.CostBasis(g), Q: g.Q, Prices: g.Prices}
	for _, p := range g.Points {
		all.Entries = append(all.Entries, sizeIn{g, p})
	}
	return all
}

// size is one of them.
type size struct {
	Target    string            `json:"target"`
	Of        string            `json:"of"`
	Values    map[string]string `json:"values"`
	Latency   *time.Duration    `json:"latency_ms"` // the quantile; null: not known
	Certified *float64          `json:"certified_rps"`
	Breaks    *float64          `json:"breaks_rps"`
	Cost      *float64          `json:"cost"` // in the unit of the group; null: not known
	CostCI    pair[float64]     `json:"cost_ci95"`
	Compute   *float64          `json:"gb_seconds"` // billed for a request
	CPU       *float64          `json:"cpu_s"`      // that an answer takes
	Broken    bool              `json:"broken"`     // it breaks a limit, or fails more than 1 % of its requests
	Best      bool              `json:"best"`       // no other size beats it at cost and latency
}

func newSize(p sizeIn) size {
	latency, is := p.group.Latency(p.Point)
	s := size{
		Target: p.Target, Of: p.Of, Values: map[string]string{}, Latency: known(latency.Value, is), Certified: known(p.Certified, p.Certified > 0), Breaks: known(p.Breaks, p.Breaks > 0),
		Cost: known(sentence.CostIn(p.group, p.Cost.Value), p.Cost.Value > 0), CostCI: interval(p.Cost.HasInterval, sentence.CostIn(p.group, p.Cost.Low), sentence.CostIn(p.group, p.Cost.High)),
		Compute: known(p.Compute, p.Compute > 0), CPU: known(p.CPU, p.CPU > 0), Broken: p.Broken, Best: p.Front,
	}
	for _, v := range p.Values {
		s.Values[v.Key] = v.Value
	}
	return s
}

// searchStep is a load of one rate.
type searchStep struct {
	Kind     string          `json:"kind"` // "probe" or "certify"
	Rate     float64         `json:"rate"` // requests per second
	Attempt  *int            `json:"attempt"`
	Part     *int            `json:"part"`  // of the attempt, each on a fresh server
	Round    int             `json:"round"` // of its cells
	Duration float64         `json:"duration_s"`
	Ledger   record.Ledger   `json:"ledger"`
	P99      *time.Duration  `json:"p99_ms"` // failures counted as slowest; null: not known
	Goodput  float64         `json:"goodput_rps"`
	Over     []capacity.Over `json:"over"`      // the share of the requests over each limit
	CPU      *float64        `json:"cpu"`       // of the server's CPUs; null: not known
	Memory   *float64        `json:"memory"`    // of the server's limit; null: not known
	Throttle *float64        `json:"throttled"` // of the time, how long its CPU quota held it back; null: it did not, or that is not known
	Rejected int64           `json:"rejected"`  // answered with 429 or 503
	Held     bool            `json:"held"`      // as far as was seen
	Ended    string          `json:"ended"`
	Invalid  string          `json:"invalid"` // why the load generator is not to be believed; null: it is
}

func newSearchStep(s capacity.SearchStep) searchStep {
	certify := s.Kind == record.Certify
	return searchStep{
		Kind: string(s.Kind), Rate: s.Rate, Attempt: known(s.Attempt, certify), Part: known(s.Part, certify), Round: s.Round, Duration: s.Duration.Seconds(),
		Ledger: s.Ledger, P99: known(s.P99, s.P99 > 0), Goodput: s.Goodput, Over: s.Over, CPU: known(s.CPU, s.CPU > 0),
		Memory: known(s.Memory, s.Memory > 0), Throttle: known(s.Throttled, s.Throttled > 0), Rejected: s.Rejected,
		Held: s.Load() <= 1 && s.Disturbed == "", Ended: s.Ended, Invalid: s.Disturbed,
	}
}

// metric compares the variants in one metric of one phase. Bounds are null where there are
// none; a time is null where requests without a right answer are in its place.
type metric struct {
	Phase     string         `json:"phase"` // null: starts have none
	Metric    string         `json:"metric"`
	Unit      string         `json:"unit"`      // "ms" or "1/s"
	Baseline  *float64       `json:"baseline"`  // medians of the pairs
	Candidate *float64       `json:"candidate"` //
	Ratio     *float64       `json:"ratio"`     // candidate ÷ baseline
	Low       *float64       `json:"ratio_low"`
	High      float64        `json:"ratio_high"`
	P         *float64       `json:"p"` // null: there was no interim analysis yet
	Spread    float64        `json:"spread"`
	N         int64          `json:"n"` // requests of each variant in the pairs
	Verdict   record.Verdict `json:"verdict"`
	Why       string         `json:"why"`
	Pairs     []couple       `json:"pairs"`
}

// errorRates compares the error rates of the variants in one phase.
type errorRates struct {
	ab.Errors `json:",inline"`
	Why       string `json:"why"`
}

// couple are the figures of one round.
type couple struct {
	ab.Pair   `json:",inline"`
	Baseline  float64 `json:"baseline"`
	Candidate float64 `json:"candidate"`
}

func newMetric(d *ab.Result, m ab.Metric) metric {
	unit, size := "ms", float64(time.Millisecond)
	if m.Less {
		unit, size = "1/s", 1
	}
	baseline, candidate := m.Typical()
	paired := len(m.Pairs) > 0
	x := metric{
		m.Phase, m.Name, unit, known(baseline/size, paired), known(candidate/size, paired), known(m.Ratio, paired), known(m.Low, m.Low > 0), m.High,
		known(m.P, len(m.Interims) > 0), m.Spread, m.N, m.Verdict, sentence.MetricWhy(d, m), nil,
	}
	for _, p := range m.Pairs {
		x.Pairs = append(x.Pairs, couple{p, p.Baseline / size, p.Candidate / size})
	}
	return x
}

// variant is one of the two servers.
type variant struct {
	Source string            `json:"source"`
	Kind   string            `json:"target"` // the kind of target that it runs on
	Facts  map[string]string `json:"facts"`
}

func newVariant(v record.Variant) variant {
	x := variant{v.Source, v.Kind, map[string]string{}}
	for _, f := range v.Facts {
		x.Facts[f.Name] = f.Value
	}
	return x
}

// start is one start of a server.
type start struct {
	Round       int            `json:"round"`
	Attempt     int            `json:"attempt,omitzero"` // of a trial that was rerun
	Alone       bool           `json:"alone"`            // no load followed
	Failed      string         `json:"failed,omitzero"`  // why it did not come up, gave no right first answer, or ended by itself later
	Preparation *time.Duration `json:"preparation_ms"`   // before it, in no stage; null: not known
	Stages      []stage        `json:"stages"`           // as they were reached
}

// stage is a stage of one start.
type stage struct {
	Name string        `json:"name"`
	At   time.Duration `json:"at_ms"` // from the beginning of the start
}

func newStart(d record.Deployment) start {
	x := start{d.Round, d.Attempt, d.Alone, cmp.Or(d.Failed, d.FirstAnswerError), known(d.Preparation, len(d.Stages) > 0), nil}
	for _, s := range d.Stages {
		x.Stages = append(x.Stages, stage(s))
	}
	return x
}
