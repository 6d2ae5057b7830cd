package figures_test

import (
	"strings"
	"testing"
	"time"

	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// A ratio reads in the figure as in the table.
func TestForestHasTheFiguresOfTheTable(t *testing.T) {
	a, all := drawn(t, recordtest.Compare(), func(*record.Run) {})
	svg := labels(t, all["forest"])
	for _, r := range a.Ratios {
		if want := "×" + format.Number(r.Value) + " " + format.Interval(r.Low, r.High); !strings.Contains(svg, ">"+want+"<") {
			t.Errorf("%s of %s is not %s in the figure", r.Metric, r.Target, want)
		}
	}
}

// The legend over time has what is drawn, and nothing else.
func TestTimelineLegend(t *testing.T) {
	few := recordtest.Compare()
	few.Rounds, few.Phases[1].Duration, few.Phases[1].Rate = 1, 10*time.Second, 5
	for name, tt := range map[string]struct {
		plan             recordtest.Plan
		roundP99, window bool
	}{
		"many requests": {recordtest.Compare(), true, false},
		"few requests":  {few, false, false},
	} {
		_, all := drawn(t, tt.plan, func(*record.Run) {})
		svg := labels(t, all["timeline"])
		if got := strings.Contains(svg, ">answered; p99 of a round<"); got != tt.roundP99 || !got && !strings.Contains(svg, ">answered<") {
			t.Errorf("%s: p99 of a round in the legend: %t", name, got)
		}
		if got := strings.Contains(svg, ">p99 of a window<"); got != tt.window {
			t.Errorf("%s: p99 of a window in the legend: %t", name, got)
		}
		if !strings.Contains(svg, ">slowest<") {
			t.Errorf("%s: no slowest in the legend", name)
		}
	}
}
