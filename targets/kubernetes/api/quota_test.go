package api

import (
	"encoding/json"
	"slices"
	"testing"
)

// What a quota has too little of is what less is left of than is needed.
func TestQuotaShort(t *testing.T) {
	var q Quota
	if err := json.Unmarshal([]byte(`{"status":{"hard":{"pods":"3","limits.cpu":"1","limits.memory":"1Gi","services":"5"},"used":{"pods":"2","limits.cpu":"990m","limits.memory":"0","services":"4"}}}`), &q); err != nil {
		t.Fatal(err)
	}
	got := q.Short(map[string]float64{"pods": 2, "limits.cpu": 0.02, "limits.memory": 32 << 20, "services": 1, "count/jobs.batch": 1})
	if want := []string{"limits.cpu (990m of 1)", "pods (2 of 3)"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
