package stats

import (
	"fmt"
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/record"
)

// leastBehind is by how much longer the answers have to take to come than the
// requests took to be due, for the server to have fallen behind.
const leastBehind = 0.05

// ThroughputMethod says what answers per second are, for captions.
const ThroughputMethod = "a request counts by when it was due, whenever its answer came: right answers to the requests due, per second in which requests were due; " +
	"in a closed loop per second that a worker spent on its requests, the wait for its last answer included; " +
	"of a server that fell behind by more than 5 % per second that it took to answer them"

// time lays down what the cell's answers per second are counted over.
//
// In an open loop that is the time in which requests were due: the answers to the last
// of them come later, as the first ones did. A server that falls behind gives them more
// slowly than the requests are due, which shows in response times that grow; its
// answers are counted over the time that they took to come. What came too late for the
// deadline is not good, so that good answers need no such time where there is one.
//
// In a closed loop it is the time that the workers spent on their requests, to the last
// answer: the answers ÷ that is an unbiased ratio for the rate of a worker. A. Wald, "On
// cumulative sums of random variables", Annals of Mathematical Statistics 15 (1944).
func (c *cell) time(run *record.Run) {
	c.goodOver = c.Window + c.Overtime
	c.okOver = c.goodOver
	if phaseNamed(run, c.Phase).Open {
		c.okOver = time.Duration(float64(c.goodOver) * (1 + c.behind()))
	}
	if run.Scenario.SLO.Deadline() == 0 {
		c.goodOver = c.okOver
	}
}

// okRate is right answers per second.
func (c *cell) okRate() float64 { return perSecond(float64(c.Ledger.OK), c.okOver) }

// goodput is good answers per second.
func (c *cell) goodput() float64 { return perSecond(float64(c.Good), c.goodOver) }

// behind is by how much longer the answers took to come than their requests to be due:
// 1 for twice as long; 0 where the server kept pace, or the requests are too few to
// tell. Between the first and the last quarter of the seconds, the response times grow
// by what the server falls behind in the time between. It is told by the upper quartile
// of the first and the lower one of the last, which of times that only scatter lie the
// other way round.
func (c *cell) behind() float64 {
	n := 0
	for n < len(c.slices) && c.slices[n].Start < c.Window {
		n++
	}
	if n < 2 {
		return 0
	}
	quarter := max(n/4, 1)
	first, last := responses(c.slices[:quarter]), responses(c.slices[n-quarter:n])
	if min(first.Total(), last.Total()) < stat.TailCount {
		return 0
	}
	grown := last.At(stat.Rank(0.25, last.Total())) - first.At(stat.Rank(0.75, first.Total()))
	length := c.slices[quarter].Start - c.slices[0].Start
	// From three quarters of the first stretch to one of the last.
	apart := c.slices[n-quarter].Start - c.slices[0].Start - length/2
	if behind := float64(grown) / float64(apart); behind >= leastBehind {
		return behind
	}
	return 0
}

// responses are the response times of some seconds.
func responses(seconds []slice) stat.Tally {
	var all []stat.Tally
	for i := range seconds {
		all = append(all, seconds[i].response)
	}
	return stat.Merge(all)
}

// keptPace says that the server did not fall behind.
func (c *cell) keptPace() bool { return c.okOver <= c.Window+c.Overtime }

// fellBehind tells of a server that was asked for more than it could answer. Where there
// are steps, they say at which rate.
func fellBehind(a *Analysis, c *cell, row Row) (cellDiagnostic, bool) {
	if c.keptPace() || len(phaseNamed(a.Run, c.Phase).Steps) > 0 {
		return cellDiagnostic{}, false
	}
	figure := fmt.Sprintf("%s answered of %s due", format.Rate(c.okRate()), format.Rate(row.Offered))
	return cellDiagnostic{Diagnostic{
		Rule: "behind", Figure: figure, Threshold: "within " + format.Percent(leastBehind),
		Text:   "the server fell behind, and response times grew as long as requests were due: " + figure,
		Action: "lower the rate to what the server can answer: at this one the latencies depend on the phase's length",
	}, float64(c.okOver) / float64(c.Window)}, true
}
