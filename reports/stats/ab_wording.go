package stats

import (
	"fmt"
	"math"
	"strings"

	"servebench/reports/analysis/stat/paired"
	"servebench/reports/format"
	"servebench/reports/record"
)

// Change says by how much the candidate differs: "is 18.4 % slower at p50".
func (m ABMetric) Change() string {
	switch {
	case len(m.Pairs) == 0:
		return "cannot be compared at " + m.Name
	case math.IsInf(m.Ratio, 1) && !m.Less:
		return "does not answer at " + m.Name
	}
	more := m.Ratio > 1
	size := format.Difference(m.Ratio)
	either := func(ifMore, ifNot string) string {
		if more {
			return ifMore
		}
		return ifNot
	}
	switch m.Name {
	case record.MetricGoodput:
		return fmt.Sprintf("has %s %s goodput", size, either("more", "less"))
	case record.MetricCPU:
		return fmt.Sprintf("takes %s %s CPU per request", size, either("more", "less"))
	case record.MetricColdStart:
		return fmt.Sprintf("takes %s %s to its first answer", size, either("longer", "less"))
	}
	return fmt.Sprintf("is %s %s at %s", size, either("slower", "faster"), m.Name)
}

// Bounds are those of the ratio as changes: "[+12.1, +∞) %"; "" where there are none.
func (m ABMetric) Bounds() string {
	if m.Low <= 0 && math.IsInf(m.High, 1) {
		return ""
	}
	return format.ChangeInterval(m.Low, m.High)
}

// why says why a metric's verdict is what it is.
func (m ABMetric) why(e paired.Estimate, abTest *record.ABTest) string {
	switch {
	case e.Pairs == 0:
		return "no round has enough answers of both variants to compare"
	case m.Verdict == Fail:
		return "it is surely worse, and as estimated by the margin of " + format.Percent(abTest.Margin) + " or more"
	case m.Verdict == Pass:
		return "it is surely worse by less than the tolerance of " + format.Percent(abTest.Tolerance)
	case e.SurelyWorse:
		return fmt.Sprintf("it is surely worse, but whether by more than %s cannot be told", format.Percent(abTest.Tolerance))
	}
	return fmt.Sprintf("it can be worse by more than %s, or not worse at all", format.Percent(abTest.Tolerance))
}

// why says in one sentence why the verdict is what it is.
func (d *ABTest) why(p *pairing) string {
	var parts []string
	for _, e := range d.Errors {
		if e.Why != "" {
			parts = append(parts, e.Why+p.inPhase(e.Phase))
		}
	}
	rounds := p.lostMore(p.last)
	if d.Verdict == Inconclusive && rounds != "" {
		parts = append(parts, fmt.Sprintf("the candidate's server did not last in %s, more often than the baseline's", rounds))
	}
	var changes []string
	for _, m := range d.Metrics {
		if why := p.unmatched(m, p.last); d.Verdict == Inconclusive && why != "" {
			parts = append(parts, m.Name+p.inPhase(m.Phase)+": "+why)
		}
		if m.Verdict == d.Verdict {
			changes = append(changes, strings.TrimSpace(m.Change()+" "+m.Bounds())+p.inPhase(m.Phase))
		}
	}
	if len(changes) > 0 {
		parts = append(parts, p.subject()+" "+strings.Join(changes, ", and "))
	}
	return strings.Join(parts, "; ") + ", " + d.when(p.run.AB)
}

// subject is what is said to differ.
func (p *pairing) subject() string {
	if p.run.AB.Same {
		return "a server compared with itself"
	}
	return "the candidate"
}

// when says after how many rounds.
func (d *ABTest) when(abTest *record.ABTest) string {
	most := abTest.Interims[len(abTest.Interims)-1].Pairs
	switch {
	case d.Interim == 0:
		return fmt.Sprintf("seen in %s, before the first interim analysis at round %d", rounds(d.Pairs), abTest.Interims[0].Pairs)
	case d.Same:
		return fmt.Sprintf("after %s", rounds(abTest.Interims[d.Interim-1].Pairs))
	case d.Verdict == Inconclusive:
		return fmt.Sprintf("not decided after %d of %s", abTest.Interims[d.Interim-1].Pairs, rounds(most))
	}
	return fmt.Sprintf("decided after %d of %s", abTest.Interims[d.Interim-1].Pairs, rounds(most))
}

func rounds(n int) string {
	if n == 1 {
		return "1 round"
	}
	return fmt.Sprintf("%d rounds", n)
}

// inPhase names a phase where there are several.
func (p *pairing) inPhase(phase string) string {
	if len(p.phases) < 2 || phase == "" {
		return ""
	}
	return " in phase " + phase
}
