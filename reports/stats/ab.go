package stats

import (
	"math"

	"servebench/reports/analysis/stat"
	"servebench/reports/analysis/stat/paired"
	"servebench/reports/format"
	"servebench/reports/record"
)

// ABSoFar is what the rounds that a run with a record.ABTest has say of its
// candidate, in the midst of the run, too. It does not ask whether the instrument can
// be believed, which DiagnoseTrial and Analyse do. An error names the cell whose log is
// missing or damaged.
func ABSoFar(run *record.Run) (*ABTest, error) {
	cells, err := load(run)
	if err != nil {
		return nil, err
	}
	return newABTest(run, cells), nil
}

// Decided says that an A/B test ends here: its candidate passed or failed. A server that
// is compared with itself is never decided on: its noise is what all rounds of the
// plan are played for.
func (d *ABTest) Decided() bool { return !d.Same && (d.Verdict == Pass || d.Verdict == Fail) }

// newABTest judges an A/B test at its interim analyses, one after the other, until one decides; nil of
// a run without one.
func newABTest(run *record.Run, cells []*cell) *ABTest {
	if run.AB == nil {
		return nil
	}
	p := newPairing(run, cells)
	d := &ABTest{Verdict: Inconclusive, Lost: p.broken(), Interims: len(run.AB.Interims), Metrics: p.metrics(), Same: run.AB.Same}
	d.Pairs = p.last - len(d.Lost)
	var estimates []paired.Estimate
	for i, interim := range run.AB.Interims {
		if interim.Pairs > p.last || d.Decided() {
			break
		}
		d.Interim = i + 1
		estimates = d.judge(p, interim)
	}
	if d.Interim == 0 {
		d.unjudged(p)
	}
	if d.Why = p.neverStarted(); d.Why == "" {
		d.settle(p, estimates)
		d.Why = d.why(p)
	}
	return d
}

// plan is what the record says of when and how it is judged.
func plan(abTest *record.ABTest) paired.Plan {
	p := paired.Plan{Margin: abTest.Margin, Tolerance: abTest.Tolerance}
	for _, interim := range abTest.Interims {
		p.Interims = append(p.Interims, paired.Interim(interim))
	}
	return p
}

// judge judges every metric, and the errors, by the rounds up to an interim analysis.
func (d *ABTest) judge(p *pairing, interim record.Interim) []paired.Estimate {
	differences := make([][]float64, len(d.Metrics))
	for i := range d.Metrics {
		differences[i] = d.Metrics[i].differences(interim.Pairs)
	}
	worst, estimates := plan(p.run.AB).Judge(paired.Interim(interim), differences)
	for i := range d.Metrics {
		m := &d.Metrics[i]
		if m.Less && p.widen(&estimates[i], *m, interim.Pairs) {
			worst = max(worst, paired.Inconclusive)
		}
		m.take(estimates[i], interim.Pairs, p.run.AB)
		if why := p.unmatched(*m, interim.Pairs); m.Verdict == Pass && why != "" {
			m.Verdict, m.Why = Inconclusive, why
			worst = max(worst, paired.Inconclusive)
		}
	}
	d.Verdict = verdictOf(worst)
	d.Errors = nil
	for _, phase := range p.phases {
		e := p.errors(phase, interim)
		if e.Verdict == Fail || d.Verdict == Pass {
			d.Verdict = e.Verdict
		}
		d.Errors = append(d.Errors, e)
	}
	// Whatever it is that ends a server, it is no matter of speed.
	if d.Verdict == Pass && p.lostMore(interim.Pairs) != "" {
		d.Verdict = Inconclusive
	}
	return estimates
}

// unjudged gives the estimates of rounds too few for the first interim analysis, without bounds.
func (d *ABTest) unjudged(p *pairing) {
	for i := range d.Metrics {
		m := &d.Metrics[i]
		m.Ratio, m.Low, m.High, m.P = 1, 0, math.Inf(1), 1
		if differences := m.differences(p.last); len(differences) > 0 {
			m.Ratio, m.Spread = m.ratio(paired.HodgesLehmann(differences)), stat.RobustDeviation(differences)
		}
		m.Verdict = Inconclusive
	}
}

// verdictOf is a metric's verdict in the words of all others.
func verdictOf(v paired.Verdict) Verdict {
	return map[paired.Verdict]Verdict{paired.Pass: Pass, paired.Inconclusive: Inconclusive, paired.Fail: Fail}[v]
}

// seal makes the A/B test of a run whose instrument cannot be believed INVALID, and leaves
// one undecided that would PASS and has not come to its end. A FAIL is seen already.
func (d *ABTest) seal(a *Analysis) {
	switch {
	case d == nil:
		return
	case a.Validity != Invalid:
		d.leaveOpen(a)
		return
	}
	d.Verdict, d.Why = InvalidInstrument, a.Blame()
	d.More, d.Command = 0, ""
	for i := range d.Metrics {
		d.Metrics[i].Verdict, d.Metrics[i].Why = InvalidInstrument, ""
	}
	for i := range d.Errors {
		d.Errors[i].Verdict, d.Errors[i].Why = InvalidInstrument, ""
	}
}

// leaveOpen takes back what passed in a run that falls short of its plan.
func (d *ABTest) leaveOpen(a *Analysis) {
	short := a.Shortfall()
	if short == nil || d.Verdict != Pass {
		return
	}
	d.Verdict, d.Why = Inconclusive, short.Text+"; until then "+d.Why
	for i := range d.Metrics {
		if m := &d.Metrics[i]; m.Verdict == Pass {
			m.Verdict, m.Why = Inconclusive, "until now "+m.Why
		}
	}
	for i := range d.Errors {
		if e := &d.Errors[i]; e.Verdict == Pass {
			e.Verdict, e.Why = Inconclusive, "the run is not at its end"
		}
	}
	if !d.Same {
		d.More = a.Run.AB.Interims[d.Interim-1].Pairs
		d.Command = format.Command(program(a.Run), "ab", "--continue", a.Run.Dir)
	}
}
