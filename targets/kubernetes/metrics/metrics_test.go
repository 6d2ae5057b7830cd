package metrics

import (
	"encoding/json"
	"testing"
	"time"
)

func TestUsageByMetrics(t *testing.T) {
	var m pods
	text := `{"items":[{"window":"15s","containers":[{"name":"server","usage":{"cpu":"250000000n","memory":"20Mi"}}]},{"containers":[{"name":"server","usage":{"cpu":"0","memory":"10Mi"}}]}]}`
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	got, err := m.sum()
	if err != nil || got.cpus != 0.25 || got.resident != 30<<20 {
		t.Errorf("%+v, %v, want 0.25 CPUs and 30 MiB", got, err)
	}
}

// The usage by the metrics API adds up what it said in the interval: the last saying is that of
// the replicas that are left.
func TestUsageOverTime(t *testing.T) {
	began := time.Now()
	at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
	said := []saying{{at(-5), 9, 900}, {at(5), 1, 30}, {at(10), 3, 90}, {at(15), 0.5, 20}}
	if got := usageOf(said, at(0), at(14)); got.CPU != 22*time.Second || got.Resident != 90 {
		t.Errorf("%+v, want 5 s of 1 CPU, 5 s of 3 and 4 s of 0.5, and 90 bytes", got)
	}
	if got := usageOf(said[:2], at(0), at(4)); got.CPU != 4*time.Second || got.Resident != 30 {
		t.Errorf("%+v, want 4 s of 1 CPU", got)
	}
}
