package sample

import (
	"time"

	"servebench/reports/analysis/stat"
	"servebench/reports/record"
)

// LeastBehind is by how much longer the answers have to take to come than the
// requests took to be due, for the server to have fallen behind.
const LeastBehind = 0.05

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
func (c *Cell) time(run *record.Run) {
	c.goodOver = c.Window + c.Overtime
	c.OKOver = c.goodOver
	if run.Phase(c.Phase).Open {
		c.OKOver = time.Duration(float64(c.goodOver) * (1 + c.behind()))
	}
	if run.Scenario.SLO.Deadline() == 0 {
		c.goodOver = c.OKOver
	}
}

// OKRate is right answers per second.
func (c *Cell) OKRate() float64 { return PerSecond(float64(c.Ledger.OK), c.OKOver) }

// Goodput is good answers per second.
func (c *Cell) Goodput() float64 { return PerSecond(float64(c.Good), c.goodOver) }

// behind is by how much longer the answers took to come than their requests to be due:
// 1 for twice as long; 0 where the server kept pace, or the requests are too few to
// tell. Between the first and the last quarter of the seconds, the response times grow
// by what the server falls behind in the time between. It is told by the upper quartile
// of the first and the lower one of the last, which of times that only scatter lie the
// other way round.
func (c *Cell) behind() float64 {
	n := 0
	for n < len(c.Seconds) && c.Seconds[n].Start < c.Window {
		n++
	}
	if n < 2 {
		return 0
	}
	quarter := max(n/4, 1)
	first, last := Responses(c.Seconds[:quarter]), Responses(c.Seconds[n-quarter:n])
	if min(first.Total(), last.Total()) < stat.TailCount {
		return 0
	}
	grown := last.At(stat.Rank(0.25, last.Total())) - first.At(stat.Rank(0.75, first.Total()))
	length := c.Seconds[quarter].Start - c.Seconds[0].Start
	// From three quarters of the first stretch to one of the last.
	apart := c.Seconds[n-quarter].Start - c.Seconds[0].Start - length/2
	if behind := float64(grown) / float64(apart); behind >= LeastBehind {
		return behind
	}
	return 0
}

// Responses are the response times of some seconds.
func Responses(seconds []LoggedSlice) stat.Tally {
	var all []stat.Tally
	for i := range seconds {
		all = append(all, seconds[i].Responses)
	}
	return stat.Merge(all)
}

// KeptPace says that the server did not fall behind.
func (c *Cell) KeptPace() bool { return c.OKOver <= c.Window+c.Overtime }
