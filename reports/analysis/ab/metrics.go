package ab

import (
	"math"
	"slices"

	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/analysis/stat/paired"
	"servebench/reports/record"
)

// metrics pairs the rounds in every metric of every measured phase, in the order in
// which they are judged. Starts are the trials', and no phase's.
func (p *pairing) metrics() []Metric {
	var all []Metric
	for _, phase := range p.phases {
		for _, name := range p.run.AB.Metrics {
			if name != record.MetricColdStart {
				all = append(all, p.metric(phase, name))
			}
		}
	}
	if slices.Contains(p.run.AB.Metrics, record.MetricColdStart) {
		all = append(all, p.starts())
	}
	return all
}

// metric pairs the rounds in a metric of a phase. A round says nothing where too few
// requests were sent, or where neither variant has an answer to compare.
func (p *pairing) metric(phase, name string) Metric {
	m := Metric{Phase: phase, Name: name, Less: name == record.MetricGoodput}
	for round := 1; round <= p.last; round++ {
		baseline, candidate, ok := p.both(phase, round)
		if !ok {
			continue
		}
		b, knownB := metricOf(baseline, name)
		c, knownC := metricOf(candidate, name)
		if knownB && knownC {
			m.pair(Pair{Round: round, Baseline: b, Candidate: c, CandidateFirst: p.candidateFirst(round)},
				min(baseline.Due(), candidate.Due()))
		}
	}
	return m
}

// unmatched are the rounds up to an interim analysis in which the baseline has a figure of the metric
// and the candidate has none, where that is more often so than the other way round. What
// is missing is not missing by chance then: of workers that wait for
// their answers, a slow server gets too few requests to know the quantile, and without
// those rounds it would look as fast as in its best.
func (p *pairing) unmatched(m Metric, rounds int) []int {
	var ofBaseline, ofCandidate []int
	for round := 1; round <= rounds; round++ {
		baseline, candidate, ok := p.both(m.Phase, round)
		if !ok {
			continue
		}
		_, knownB := metricOf(baseline, m.Name)
		_, knownC := metricOf(candidate, m.Name)
		switch {
		case knownB && !knownC:
			ofBaseline = append(ofBaseline, round)
		case knownC && !knownB:
			ofCandidate = append(ofCandidate, round)
		}
	}
	if len(ofBaseline) <= len(ofCandidate) {
		return nil
	}
	return ofBaseline
}

// widen widens the bounds of the goodput to what chance makes of the share of good
// answers in so many requests (see RatioByChance): rounds that answer every request
// rightly do not differ, however few requests they are. It says whether the candidate
// does not pass any more therefore.
func (p *pairing) widen(e *paired.Estimate, m Metric, rounds int) bool {
	var good [2][]stat.Counts
	for _, pair := range m.Pairs {
		if pair.Round <= rounds {
			for i, variant := range []string{record.Candidate, record.Baseline} {
				c := p.cells[sample.Seat{Target: variant, Phase: m.Phase, Round: pair.Round}]
				good[i] = append(good[i], stat.Counts{K: c.Good, N: c.Due()})
			}
		}
	}
	candidate, baseline := stat.Repeated(good[0], 0), stat.Repeated(good[1], 0)
	if candidate.K == 0 || baseline.K == 0 {
		return false
	}
	low, high := stat.RatioByChance(candidate, baseline)
	e.Low, e.High = min(e.Low, e.Centre-math.Log(high)), max(e.High, e.Centre-math.Log(low))
	if e.Verdict != record.Pass || e.High < math.Log1p(p.run.AB.Tolerance) {
		return false
	}
	e.Verdict = record.Inconclusive
	return true
}

// starts pairs the rounds in the time from the server's start to its first answer.
func (p *pairing) starts() Metric {
	m := Metric{Name: record.MetricColdStart}
	for round := 1; round <= p.last; round++ {
		baseline, _ := p.start(record.Baseline, round)
		candidate, _ := p.start(record.Candidate, round)
		if baseline.Answered() && candidate.Answered() {
			first := func(d record.Deployment) float64 { return float64(d.FirstAnswerAt()) }
			m.pair(Pair{Round: round, Baseline: first(baseline), Candidate: first(candidate), CandidateFirst: p.candidateFirst(round)}, 1)
		}
	}
	return m
}

// pair adds a pair that has a difference.
func (m *Metric) pair(pair Pair, n int64) {
	if !math.IsNaN(m.difference(pair)) {
		m.Pairs = append(m.Pairs, pair)
		m.N += n
	}
}

// difference is by how much the candidate is worse, as package paired wants it; NaN
// where there is nothing to compare.
func (m *Metric) difference(p Pair) float64 {
	d := math.Log(p.Candidate / p.Baseline)
	if m.Less {
		d = -d
	}
	return min(max(d, -beyond), beyond)
}

// differences are those of the pairs up to a round.
func (m *Metric) differences(rounds int) []float64 {
	var all []float64
	for _, pair := range m.Pairs {
		if pair.Round <= rounds {
			all = append(all, m.difference(pair))
		}
	}
	return all
}

// ratio turns a difference back into candidate ÷ baseline.
func (m *Metric) ratio(difference float64) float64 {
	if m.Less {
		difference = -difference
	}
	switch {
	case difference > beyond/3:
		return math.Inf(1)
	case difference < -beyond/3:
		return 0
	}
	return math.Exp(difference)
}

// take takes over what an interim analysis says.
func (m *Metric) take(e paired.Estimate, rounds int) {
	m.Ratio, m.Low, m.High, m.P = 1, m.ratio(e.Low), m.ratio(e.High), e.P
	if m.Less {
		m.Low, m.High = m.High, m.Low
	}
	if e.Pairs > 0 {
		m.Ratio, m.Spread = m.ratio(e.Centre), stat.RobustDeviation(m.differences(rounds))
	}
	m.Interims = append(slices.Clip(m.Interims), Interim{Pairs: rounds, Ratio: m.Ratio, Low: m.Low, High: m.High})
	m.Verdict, m.Judged, m.SurelyWorse = e.Verdict, e.Pairs, e.SurelyWorse
}

// metricOf is what a cell says of a metric; false when that is nothing.
func metricOf(c *sample.Cell, name string) (float64, bool) {
	switch name {
	case record.MetricP50:
		return quantileOfAll(c, 0.5)
	case record.MetricP90:
		return quantileOfAll(c, 0.9)
	case record.MetricP99:
		return quantileOfAll(c, 0.99)
	case record.MetricP999:
		return quantileOfAll(c, 0.999)
	case record.MetricGoodput:
		return c.Goodput(), c.Window > 0
	case record.MetricCPU:
		return float64(c.Usage.CPU) / float64(c.Ledger.Sent), c.Usage.CPUKnown() && c.Ledger.Sent > 0
	}
	return 0, false
}

// quantileOfAll is a quantile of the response times of all requests, in nanoseconds.
// One without a right answer is slower than any: a candidate must not look fast for
// what it refuses. So the quantile may be +Inf.
func quantileOfAll(c *sample.Cell, q float64) (float64, bool) {
	n := c.Due()
	if !stat.Known(q, n) {
		return 0, false
	}
	var answers stat.Tally
	if h := c.Merged[record.TagResponse]; h != nil {
		answers = stat.NewTally(h)
	}
	v := answers.With(n - c.Ledger.OK).At(stat.Rank(q, n))
	if v == stat.Never {
		return math.Inf(1), true
	}
	return float64(v), true
}

// beyond is the difference of a pair of which one variant has no answer: larger than
// any that can be measured, yet finite, so that two of opposite signs cancel each
// other. Half of it is already more than e²⁰ times as much.
const beyond = 100

// Typical are the medians of the pairs, each variant's for itself; 0 without pairs.
func (m Metric) Typical() (baseline, candidate float64) {
	if len(m.Pairs) == 0 {
		return 0, 0
	}
	var b, c []float64
	for _, pair := range m.Pairs {
		b, c = append(b, pair.Baseline), append(c, pair.Candidate)
	}
	return stat.Median(b), stat.Median(c)
}
