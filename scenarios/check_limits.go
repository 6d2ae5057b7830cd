package scenarios

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/arrivals"
	"servebench/scenarios/decode"
)

// scaling holds the number of replicas to what can decide it, and to targets that can run
// as many.
func (c check) scaling() {
	s := c.s.Scaling
	if s == nil || !c.Sound("scaling.min", "scaling.max") {
		return
	}
	c.refuse("scaling.max", s.Max < s.Min, fmt.Sprintf("%d is below scaling.min, %d", s.Max, s.Min), "scaling.min or more")
	const fixed = "the number of replicas is fixed, so that nothing decides it"
	for key, given := range map[string]bool{"metric": s.Metric != "", "target": s.Target != 0, "stabilization": s.Stabilization != 0} {
		c.refuse("scaling."+key, given && s.Max == s.Min, fixed, "it left out, or scaling.max above scaling.min")
	}
	if s.Varies() && c.Sound("scaling.metric", "scaling.target") {
		number := decode.FormatNumber(s.Target)
		c.refuse("scaling.target", s.OfLimits() && s.Target > 1, fmt.Sprintf("%s is above 1, and %s is a fraction of what limits allow", number, s.Metric), "for example 60%")
		c.refuse("scaling.target", !s.OfLimits() && s.Target == 0, "missing", "the mean of "+s.Metric+" per replica, such as 100")
		c.refuse("scaling.metric", s.Metric == record.ScalingMemory && c.s.Limits.Memory == 0, "memory is a fraction of limits.memory, which is not given", "limits.memory beside it")
	}
	if !c.Sound("targets") {
		return
	}
	for i, name := range c.s.Targets {
		kind := targetKind(c.cat, name)
		c.refuse(decode.Element("targets", i), s.Min > 1 && !kind.Scales, fmt.Sprintf("%s runs one replica, and scaling.min asks for %d", name, s.Min), "a target that runs several, such as kubernetes, or scaling.min: 1")
	}
}

func (c check) slo() {
	c.decidable()
	c.quantiles()
	c.reach()
	c.goodput()
	c.refuse("cost.headroom", c.s.Cost != nil && c.s.Cost.Headroom >= 1, "nothing of the capacity is left", "a fraction below 1, such as 30%")
}

// decidable finds limits of what no run of the scenario makes known.
func (c check) decidable() {
	s, l := c.s, c.s.SLO
	if c.Sound("targets") {
		c.refuse("slo.cold_start", l.ColdStart > 0 && c.allRun(), alreadyRuns, "none, or a target that starts its server")
	}
	c.refuse("slo.cost_per_million", l.CostPerMillion > 0 && s.Cost == nil && c.Sound("cost"), "the scenario does not say what traffic is served, and where",
		"the key cost, such as cost: {traffic: constant:50/s, place: aws/us-east-1/ec2/c7i.large}, or none")
	labelled := s.Data.File == "" || s.Data.Label != ""
	switch {
	case !c.Sound("data", "workload"):
	case s.Template != nil:
		c.refuse("slo.accuracy", l.Accuracy != nil && (!labelled || s.Template.Answer == nil), "no answer is compared with a label", "data.label and template.answer, or none")
		c.refuse("slo.agreement", l.Agreement != nil && s.Data.Expect == "", "no answer is compared with an expected one", "data.expect and template.answer, or none")
	default:
		c.refuse("slo.accuracy", l.Accuracy != nil && !labelled, "no answer is compared with a label", "data.label, or none")
		c.refuse("slo.agreement", l.Agreement != nil && s.Workload.Server == "" && s.Data.Expect == "", "agreement is known for the reference server, and of data with expected answers", "data.expect, accuracy, or none")
	}
}

// quantileLimit is one of several limits of a time.
type quantileLimit struct {
	name, field string
	at          time.Duration
}

// limitedTimes are the limits of each time that are sound, with the fields that they
// stand in.
func (c check) limitedTimes() [][]quantileLimit {
	all := make([][]quantileLimit, 3)
	for i, t := range []struct {
		path string
		most record.Quantiles
	}{{"slo", c.s.SLO.Response()}, {"slo.service", c.s.SLO.Service}, {"slo.first_byte", c.s.SLO.FirstByte}} {
		for _, q := range []quantileLimit{{"p50", "", t.most.P50}, {"p90", "", t.most.P90}, {"p99", "", t.most.P99}, {"p999", "", t.most.P999}} {
			if q.field = t.path + "." + q.name; q.at > 0 && c.Sound(q.field) {
				all[i] = append(all[i], q)
			}
		}
	}
	return all
}

// quantiles finds a higher quantile with a lower limit.
func (c check) quantiles() {
	for _, set := range c.limitedTimes() {
		for i := 1; i < len(set); i++ {
			q, below := set[i], set[i-1]
			c.refuse(q.field, q.at < below.at, fmt.Sprintf("%s is below the limit of %s, %s", decode.FormatDuration(q.at), below.name, decode.FormatDuration(below.at)),
				"limits that do not fall")
		}
	}
}

// reach finds limits that no answer could miss.
func (c check) reach() {
	if !c.Sound("timeout") {
		return
	}
	for _, q := range slices.Concat(c.limitedTimes()...) {
		c.refuse(q.field, q.at > c.s.Timeout, fmt.Sprintf("%s is above the timeout, %s, so that no answer could miss it", decode.FormatDuration(q.at), decode.FormatDuration(c.s.Timeout)),
			"a limit below the timeout")
	}
}

// goodput finds a phase that asks for fewer answers than there must be.
func (c check) goodput() {
	least := c.s.SLO.Goodput
	if least == 0 || !c.Sound("load") {
		return
	}
	for _, p := range c.s.Load {
		kind, open := arrivalsOf(p)
		even := open && !kind.Takes(arrivals.ParamTo) && p.Amplitude == 0 && p.Recording == nil
		c.refuse("slo.goodput", p.Measure && even && p.Rate < least,
			fmt.Sprintf("phase %s asks for %s answers a second, so that there cannot be %s", p.Name, decode.FormatNumber(p.Rate), decode.FormatNumber(least)),
			"at most the rate of every measured phase")
	}
}

// mostHypotheses is how many metrics an A/B test compares at most, each phase counting for
// itself: with each the others are judged more strictly.
const mostHypotheses = 5

// leastRequests is how many requests of a phase it takes in a round for a quantile of
// them to be a figure of its own and not of chance; 0 of what is no quantile.
func leastRequests(metric string) float64 {
	return map[string]float64{
		record.MetricP50: 200, record.MetricP90: 300, record.MetricP99: 2000, record.MetricP999: 20_000,
	}[metric]
}

func (c check) regression() {
	r := c.s.Regression
	if r == nil || !c.Sound("regression", "load") {
		return
	}
	const metrics = "regression.metrics"
	if c.distinct(metrics, r.Metrics, "each metric once"); !c.Sound(metrics) {
		return
	}
	measured := slices.DeleteFunc(slices.Clone(c.s.Load), func(p Phase) bool { return !p.Measure })
	if n := len(r.Metrics) * len(measured); n > mostHypotheses {
		c.Refuse(metrics, fmt.Sprintf("%d metrics in %d measured phases are %d to compare", len(r.Metrics), len(measured), n),
			fmt.Sprintf("at most %d, since with each the others are judged more strictly", mostHypotheses))
	}
	c.refuse("regression.tolerance", r.Margin >= r.Tolerance,
		fmt.Sprintf("%s is not above the margin, %s: a candidate could be good enough to pass and bad enough to fail", decode.FormatFraction(r.Tolerance), decode.FormatFraction(r.Margin)),
		"a tolerance above the margin")
}

// CheckABTest finds the measured phases with too few requests in a round for the metrics
// that an A/B test compares; a run without one does not mind. Its error is a decode.Faults.
func (s *Scenario) CheckABTest() error {
	r := s.Regression
	if r == nil || len(r.Metrics) == 0 {
		return nil
	}
	// Of the metrics, the one that needs the most requests: what is enough for it is for all.
	most := slices.MaxFunc(r.Metrics, func(a, b string) int { return cmp.Compare(leastRequests(a), leastRequests(b)) })
	var faults decode.Faults
	for _, p := range s.Load {
		if p.Measure {
			faults = append(faults, s.tooFew(most, p)...)
		}
	}
	if faults == nil {
		return nil
	}
	return faults
}

// tooFew finds a phase with too few requests in a round for a metric. How many a closed
// loop has, or a trace, is not known here.
func (s *Scenario) tooFew(metric string, p Phase) decode.Faults {
	least := leastRequests(metric)
	kind, ok := arrivalsOf(p)
	if least == 0 || p.Concurrency > 0 || p.Recording != nil || !ok {
		return nil
	}
	process, err := kind.New(p.Config)
	if err != nil { // which is told elsewhere
		return nil
	}
	shape := process.Shape()
	n := float64(shape.Arrivals)
	if n >= least {
		return nil
	}
	longer := time.Duration(math.Ceil(least/shape.Rate*10)) * 100 * time.Millisecond
	return decode.Faults{s.Source.Fault("regression.metrics",
		fmt.Sprintf("%s needs %s requests in a round, and phase %s has %s", metric, decode.FormatNumber(least), p.Name, decode.FormatNumber(n)),
		fmt.Sprintf("load.%s.duration of %s or more, a higher rate, or other metrics", p.Name, decode.FormatDuration(longer)))}
}
