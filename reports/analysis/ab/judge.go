package ab

import (
	"math"

	"servebench/reports/analysis/stat"
	"servebench/reports/analysis/stat/paired"
	"servebench/reports/format"
	"servebench/reports/record"
)

// plan is what the record says of when and how it is judged.
func plan(abTest *record.ABTest) paired.Plan {
	return paired.Plan{Margin: abTest.Margin, Tolerance: abTest.Tolerance, Interims: abTest.Interims}
}

// judge judges every metric, and the errors, by the rounds up to an interim analysis.
func (d *Result) judge(p *pairing, interim record.Interim) []paired.Estimate {
	differences := make([][]float64, len(d.Metrics))
	for i := range d.Metrics {
		differences[i] = d.Metrics[i].differences(interim.Pairs)
	}
	worst, estimates := plan(p.run.AB).Judge(interim, differences)
	for i := range d.Metrics {
		m := &d.Metrics[i]
		if m.Less && p.widen(&estimates[i], *m, interim.Pairs) {
			worst = record.Worse(worst, record.Inconclusive)
		}
		m.take(estimates[i], interim.Pairs)
		m.Unmatched = p.unmatched(*m, interim.Pairs)
		if m.Held = m.Verdict == record.Pass && len(m.Unmatched) > 0; m.Held {
			m.Verdict = record.Inconclusive
			worst = record.Worse(worst, record.Inconclusive)
		}
	}
	d.Verdict = worst
	d.Errors = nil
	for _, phase := range p.phases {
		e := p.errors(phase, interim)
		if e.Verdict == record.Fail || d.Verdict == record.Pass {
			d.Verdict = e.Verdict
		}
		d.Errors = append(d.Errors, e)
	}
	// Whatever it is that ends a server, it is no matter of speed.
	if d.Verdict == record.Pass && len(p.lostMore(interim.Pairs)) > 0 {
		d.Verdict = record.Inconclusive
	}
	return estimates
}

// unjudged gives the estimates of rounds too few for the first interim analysis, without bounds.
func (d *Result) unjudged(p *pairing) {
	for i := range d.Metrics {
		m := &d.Metrics[i]
		m.Ratio, m.Low, m.High, m.P = 1, 0, math.Inf(1), 1
		if differences := m.differences(p.last); len(differences) > 0 {
			m.Ratio, m.Spread = m.ratio(paired.HodgesLehmann(differences)), stat.RobustDeviation(differences)
		}
		m.Verdict = record.Inconclusive
	}
}

// Invalidate makes the A/B test of an INVALID run INVALID.
func (d *Result) Invalidate() {
	d.More, d.Command = 0, ""
	d.rule(record.InvalidInstrument)
}

// rule gives all of the test the same verdict.
func (d *Result) rule(v record.Verdict) {
	d.Verdict = v
	for i := range d.Metrics {
		d.Metrics[i].Verdict = v
	}
	for i := range d.Errors {
		d.Errors[i].Verdict = v
	}
}

// LeaveOpen takes back what passed in a run that falls short of its plan. A FAIL is seen
// already.
func (d *Result) LeaveOpen(run *record.Run) {
	if d.Verdict != record.Pass { // which takes that all of its parts passed
		return
	}
	d.LeftOpen = true
	d.rule(record.Inconclusive)
	if !d.Test.Same {
		d.More = run.AB.Interims[d.Interim-1].Pairs
		d.Command = format.Command(record.Program(run), "ab", "--continue", run.Dir)
	}
}
