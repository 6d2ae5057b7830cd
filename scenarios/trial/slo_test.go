package trial

import (
	"testing"
	"time"

	"servebench/scenarios"

	"github.com/google/go-cmp/cmp"
)

// TestLimitsOfRecordAndScenario turns limits into the record's and back.
func TestLimitsOfRecordAndScenario(t *testing.T) {
	share := 0.25
	want := scenarios.SLO{
		P50: 1, P90: 2, P99: 3, P999: 4,
		Service:   scenarios.Quantiles{P50: 5, P90: 6, P99: 7, P999: 8},
		FirstByte: scenarios.Quantiles{P50: 9, P90: 10, P99: 11, P999: 12},
		Errors:    &share, Goodput: 13, Agreement: &share, Accuracy: &share, ColdStart: 14 * time.Second,
	}
	if diff := cmp.Diff(want, ScenarioSLO(RecordedSLO(want))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
