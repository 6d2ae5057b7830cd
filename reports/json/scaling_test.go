package jsonreport_test

import (
	"strings"
	"testing"

	"servebench/reports/record/recordtest"
)

// TestScaling reads how replicas followed the load: times in milliseconds, and null for what
// never happened.
func TestScaling(t *testing.T) {
	doc := decode(t, write(t, recordtest.Scale()))
	all := doc["scaling"].([]any)
	if len(all) != 3 {
		t.Fatalf("%d targets, want 3", len(all))
	}
	scales, never := all[0].(map[string]any), all[1].(map[string]any)
	if scales["decided_ms"] != 4000.0 || scales["replicas_most"] != 3.0 || len(scales["replicas"].([]any)) != 3 {
		t.Errorf("%v", scales)
	}
	if never["decided_ms"] != nil || never["back_ms"] != nil || !strings.HasPrefix(never["says"].(string), "The autoscaler never reacted") {
		t.Errorf("%v", never)
	}
	warning := never["warnings"].([]any)[0].(map[string]any)
	if warning["count"] != 2.0 || warning["first_ms"] != 2000.0 || !strings.Contains(never["says"].(string), "The platform warned 2 times, last: ConcurrencyLimit: ") {
		t.Errorf("%v", never)
	}
	supply := scales["supply"].(map[string]any)
	if supply["capacity_rps"] != 100.0 || supply["under_replica_seconds"] != 12.5 || supply["over_replica_seconds"] != 24.0 {
		t.Errorf("%v", supply)
	}
}
