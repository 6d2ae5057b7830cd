package kubernetes_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/targettest"
)

// told are the events of a deployment.
type told struct {
	mu  sync.Mutex
	all []record.Event
}

func (e *told) add(one record.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, one)
}

// kinds are those of a replica, in their order.
func (e *told) kinds(replica string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var kinds []string
	for _, one := range e.all {
		if one.Replica == replica && one.Kind != record.EventWarning {
			kinds = append(kinds, one.Kind)
		}
	}
	return kinds
}

func (e *told) replicas() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []string
	for _, one := range e.all {
		if one.Kind == record.EventCreated {
			all = append(all, one.Replica)
		}
	}
	return all
}

// open opens the target with a deadline that no test should need.
func open(t *testing.T, options map[string]string) targets.Target {
	t.Helper()
	target, err := kind(t).Open(targets.Config{Options: options, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := target.Close(t.Context()); err != nil && t.Context().Err() == nil {
			t.Errorf("close the target: %v", err)
		}
	})
	return target
}

// Two replicas are there when Deploy returns, each told and at its own address; one that
// ends is started again, and the deployment goes on.
func TestKubernetesReplicas(t *testing.T) {
	useCluster(t)
	target := open(t, map[string]string{"path": "pod"})
	defer target.Close(t.Context())
	var events told
	d, err := target.Deploy(t.Context(), targets.Workload{
		Command: []string{targettest.Build(t)}, Ready: "/ready", Limits: targets.Limits{CPUs: 0.1},
		Scaling: record.Scaling{Min: 2, Max: 2}, Events: events.add,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close(t.Context())
	replicas, addresses := events.replicas(), d.Endpoint.Addresses()
	if len(replicas) != 2 || len(addresses) != 2 || replicas[0] == replicas[1] {
		t.Fatalf("replicas %q at %q, want two", replicas, addresses)
	}
	for _, replica := range replicas {
		want := []string{record.EventCreated, record.EventScheduled, record.EventRunning, record.EventReady}
		if got := events.kinds(replica); !slices.Equal(got, want) {
			t.Errorf("events of %s: %q, want %q", replica, got, want)
		}
	}
	if first := events.kinds("")[0]; first != record.EventDesired {
		t.Errorf("the number decided is not told: %q", first)
	}
	if resp, err := http.Post("http://"+addresses[0]+"/exit?code=3", "", nil); err == nil {
		resp.Body.Close()
	}
	again := func(replica string) bool { return slices.Contains(events.kinds(replica), record.EventRestarted) }
	for deadline := time.Now().Add(time.Minute); !slices.ContainsFunc(replicas, again); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no replica was started again: %+v", events.all)
		}
	}
	if err := d.Err(); err != nil {
		t.Errorf("the deployment ended: %v", err)
	}
	if err := d.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for _, replica := range replicas {
		if kinds := events.kinds(replica); kinds[len(kinds)-1] != record.EventEnded {
			t.Errorf("events of %s: %q, want its end as the last", replica, kinds)
		}
	}
}
