package lambda_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/lambda/service"
	"servebench/targets/protocol"
	"servebench/targets/targettest"
)

// TestEnvironmentsAreReplicas sends more requests at a time than there may be environments:
// the events tell of each, by the name that its answers have, from its start to its end.
func TestEnvironmentsAreReplicas(t *testing.T) {
	target := opened(t, map[string]string{"sandbox": service.Processes})
	var events targettest.Events
	d, err := target.Deploy(t.Context(), targets.Workload{
		Command: []string{targettest.Program(t, "refserver"), "serve", "--delay", "300ms"}, Bootstrap: true, Ready: "/v2/health/ready",
		Scaling: record.Scaling{Min: 1, Max: 3, Metric: "cpu", Target: 0.6, Stabilization: 100 * time.Millisecond}, Events: events.Add,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close(context.Background())
	answered := map[string]bool{}
	var mu sync.Mutex
	var asking sync.WaitGroup
	for range 6 {
		asking.Go(func() {
			resp, err := http.Get(d.Endpoint.URL + "/v2")
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			if resp.StatusCode == http.StatusOK {
				answered[resp.Header.Get(protocol.InstanceIDHeader)] = true
			} else if resp.StatusCode != http.StatusTooManyRequests {
				t.Errorf("status %s, want 200, or 429 where three are on their way", resp.Status)
			}
		})
	}
	asking.Wait()
	ready := events.Await(t, record.EventReady, func(replicas []string) bool { return len(replicas) >= len(answered) })
	slices.Sort(ready)
	for id := range answered {
		if !slices.Contains(ready, id) {
			t.Errorf("%q answered, and ready are %v", id, ready)
		}
	}
	if len(answered) < 2 {
		t.Errorf("%v answered 6 requests at a time, want several", answered)
	}
	ended := events.Await(t, record.EventEnded, func(replicas []string) bool { return len(replicas) >= len(ready) })
	slices.Sort(ended)
	if started := slices.Sorted(slices.Values(events.Of(record.EventRunning))); !slices.Equal(started, ended) {
		t.Errorf("%v ran, and %v ended after they were idle", started, ended)
	}
	var last time.Time
	for _, e := range events.All() {
		if e.Kind == record.EventDesired && (e.Replicas < 0 || e.Replicas > 3) {
			t.Errorf("%+v: want at most 3 replicas", e)
		}
		if e.Replica == ready[0] && e.Kind != record.EventEnded {
			if e.At.Before(last) {
				t.Errorf("%+v comes before %v", e, last)
			}
			last = e.At
		}
	}
	facts := ""
	for _, f := range d.Facts {
		if f.Name == record.FactScaling {
			facts += f.Value
		}
	}
	if want := "1 to 3 environments, one for each concurrent request, ended after 100ms without one; the scenario's metric, cpu, decides nothing here"; facts != want {
		t.Errorf("fact %q, want %q", facts, want)
	}
}
