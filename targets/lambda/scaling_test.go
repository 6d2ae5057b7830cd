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

// happenings collects events.
type happenings struct {
	mu  sync.Mutex
	all []record.Event
}

func (h *happenings) note(e record.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, e)
}

func (h *happenings) of(kind string) (replicas []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.all {
		if e.Kind == kind && e.Replica != "" {
			replicas = append(replicas, e.Replica)
		}
	}
	slices.Sort(replicas)
	return replicas
}

func (h *happenings) await(t *testing.T, kind string, n int) []string {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if all := h.of(kind); len(all) >= n {
			return all
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v, want %d", kind, h.of(kind), n)
		}
	}
}

// TestEnvironmentsAreReplicas sends more requests at a time than there may be environments:
// the events tell of each, by the name that its answers have, from its start to its end.
func TestEnvironmentsAreReplicas(t *testing.T) {
	target := opened(t, map[string]string{"sandbox": service.Processes})
	var events happenings
	d, err := target.Deploy(t.Context(), targets.Workload{
		Command: []string{targettest.Program(t, "refserver"), "serve", "--delay", "300ms"}, Bootstrap: true, Ready: "/v2/health/ready",
		Scaling: record.Scaling{Min: 1, Max: 3, Metric: "cpu", Target: 0.6, Stabilization: 100 * time.Millisecond}, Events: events.note,
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
	ready := events.await(t, record.EventReady, len(answered))
	for id := range answered {
		if !slices.Contains(ready, id) {
			t.Errorf("%q answered, and ready are %v", id, ready)
		}
	}
	if len(answered) < 2 {
		t.Errorf("%v answered 6 requests at a time, want several", answered)
	}
	ended := events.await(t, record.EventEnded, len(ready))
	if started := events.of(record.EventRunning); !slices.Equal(started, ended) {
		t.Errorf("%v ran, and %v ended after they were idle", started, ended)
	}
	events.mu.Lock()
	defer events.mu.Unlock()
	var last time.Time
	for _, e := range events.all {
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
