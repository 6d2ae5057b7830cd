package figures_test

import (
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis/failover"
	"servebench/reports/figures"
	"servebench/reports/record/recordtest"
)

// TestFaultsAreMarked draws a line for each fault, over the time line of its own target in
// its own phase.
func TestFaultsAreMarked(t *testing.T) {
	a := analyse(t, recordtest.Compare())
	timeline := func() (string, int) {
		for _, f := range figures.All(a) {
			if f.Name == "timeline" {
				svg := labels(t, f)
				return svg, strings.Count(svg, "stroke-dasharray")
			}
		}
		t.Fatal("no timeline")
		return "", 0
	}
	before, lines := timeline()
	if strings.Contains(before, "fault") {
		t.Error("the legend has faults, and there are none")
	}
	a.Failover = &failover.Result{Faults: []failover.Fault{
		{Target: "physical", Phase: "steady", Cases: []failover.Case{{Round: 1, At: 3 * time.Second}, {Round: 2, At: 4 * time.Second, Lasted: time.Second}}},
		{Target: "physical", Phase: "another", Cases: []failover.Case{{Round: 1, At: time.Second}}},
	}}
	after, more := timeline()
	if !strings.Contains(after, "fault injected") || more <= lines {
		t.Errorf("%d dashed lines with faults and %d without, legend %v", more, lines, strings.Contains(after, "fault injected"))
	}
	// Two faults of one target, in each of its rows, and the legend's entry.
	if rows := (more - lines - 1) / 2; (more-lines-1)%2 != 0 || rows < 3 {
		t.Errorf("%d more dashed lines, want two in each row and one in the legend", more-lines)
	}
}

// TestFaultsAreNumbered says which kind of fault each line stands for, where there are several.
func TestFaultsAreNumbered(t *testing.T) {
	a := analyse(t, recordtest.Compare())
	a.Failover = &failover.Result{Faults: []failover.Fault{
		{Target: "physical", Phase: "steady", Kind: "process-kill", Cases: []failover.Case{{Round: 1, At: 3 * time.Second}}},
		{Target: "physical", Phase: "steady", Kind: "disk-fill", Cases: []failover.Case{{Round: 1, At: 5 * time.Second}}},
	}}
	for _, f := range figures.All(a) {
		if svg := labels(t, f); f.Name == "timeline" && !strings.Contains(svg, "1 process-kill, 2 disk-fill") {
			t.Errorf("the legend does not name the faults: %s", svg)
		}
	}
}
