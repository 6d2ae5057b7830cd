package capacity_test

import (
	"testing"
	"time"

	"servebench/reports/analysis/capacity"
	"servebench/reports/record/recordtest"
)

// TestKneeOfAnMM1Queue: its power is the most at half of what it answers.
func TestKneeOfAnMM1Queue(t *testing.T) {
	const answers = 1000.0 // per second
	var c capacity.Curve
	for rate := 50.0; rate < answers; rate += 50 {
		c.Levels = append(c.Levels, capacity.Level{Rate: rate, Goodput: rate, Mean: time.Duration(float64(time.Second) / (answers - rate))})
	}
	if knee, bent := c.Knee(); !bent || knee.Rate != answers/2 {
		t.Errorf("%+v, %t, want the knee at %g/s", knee, bent, answers/2)
	}
	for i := range c.Levels {
		c.Levels[i].Mean, c.Levels[i].Goodput = 0, 0
	}
	if knee, bent := c.Knee(); bent {
		t.Errorf("a knee at %g/s of a server that answers nothing", knee.Rate)
	}
}

// TestCurvePoolsTheStepsOfARate, ascending, and says of which rates too few requests are known.
func TestCurvePoolsTheStepsOfARate(t *testing.T) {
	all, err := capacity.Search(recordtest.Open(t, recordtest.Search()))
	if err != nil {
		t.Fatal(err)
	}
	s := all[0]
	if s.Certified != 790 || s.Breaks != 951 || s.Curve.Quantile != 0.99 || s.Curve.Limit != 20*time.Millisecond {
		t.Fatalf("%+v, p%g within %v", s.Result, 100*s.Curve.Quantile, s.Curve.Limit)
	}
	before := 0.0
	for _, l := range s.Curve.Levels {
		if l.Rate <= before || l.Goodput > 1.05*l.Rate || l.N == 0 {
			t.Errorf("after %g/s: %+v", before, l)
		}
		before = l.Rate
	}
	certified, played := s.Curve.At(790)
	slow, _ := s.Curve.At(200)
	over, _ := s.Curve.At(951)
	ended, _ := s.Curve.At(1600)
	if !played || certified.N != s.Requests || certified.Broke || certified.Rough || certified.Latency > s.Curve.Limit {
		t.Errorf("certified: %+v of %d requests", certified, s.Requests)
	}
	if !slow.Rough || slow.Latency == 0 || !over.Broke || over.Ended || over.Latency < s.Curve.Limit || !ended.Ended {
		t.Errorf("200/s %+v; 951/s %+v; 1600/s %+v", slow, over, ended)
	}
	if _, played := s.Curve.At(3); played {
		t.Error("a level at a rate that was not played")
	}
}
