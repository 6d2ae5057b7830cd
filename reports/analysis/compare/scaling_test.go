package compare_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis/compare"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// TestScalingSettings compares two settings of an autoscaler: of one, replicas are there
// sooner. The setting is told and forbids nothing, and what never happened has no ratio.
func TestScalingSettings(t *testing.T) {
	p := recordtest.Scale()
	base := analyse(t, p, func(r *record.Run) { r.Scenario.Text = scenario + "scaling: {max: 4, target: 60%}\n" })
	p.Targets[0].Ready = []time.Duration{13 * time.Second, 13 * time.Second}
	fresh := analyse(t, p, func(r *record.Run) { r.Scenario.Text = scenario + "scaling: {max: 4, target: 40%}\n" })
	c := compare.Runs(base, fresh, nil)
	if !c.Comparable() || len(c.Differences) != 1 || c.Differences[0].What != "scaling.target" || c.Differences[0].Kind != compare.Remark {
		t.Fatalf("comparable %v, differences %+v; want the target of the scaling as a remark", c.Comparable(), c.Differences)
	}
	for metric, want := range map[string]float64{"scale-out decided": 0.25, "scale-in decided": 1} {
		if f := figure(t, c, "kubernetes", "scale", metric); !f.Known || math.Abs(f.Change-want) > 1e-9 || f.HasInterval {
			t.Errorf("%s: %+v, want ×%v", metric, f, want)
		}
	}
	if f := figure(t, c, "kubernetes", "scale", "p99 over the limit"); !f.Known || f.Change >= 0.8 {
		t.Errorf("%+v, want it shorter", f)
	}
	for _, f := range c.Figures {
		if f.Target == "lambda" && strings.HasPrefix(f.Metric, "scale-") {
			t.Errorf("%+v: lambda never decided on anything", f)
		}
	}
}
