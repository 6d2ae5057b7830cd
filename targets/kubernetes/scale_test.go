package kubernetes_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/targettest"
)

// open opens the target, and closes it at the end of the test.
func open(t *testing.T, options map[string]string) targets.Target {
	t.Helper()
	target, err := kind(t).Open(targets.Config{Options: options, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := target.Close(context.WithoutCancel(t.Context())); err != nil { // which has a bound of its own
			t.Errorf("close the target: %v", err)
		}
	})
	return target
}

// deployTwo deploys two replicas, and removes them at the end of the test.
func deployTwo(t *testing.T) (*targets.Deployment, *targettest.Events) {
	t.Helper()
	target, events := open(t, map[string]string{"path": "pod"}), new(targettest.Events)
	d := deploy(t, target, targets.Workload{
		Command: []string{targettest.Build(t)}, Ready: "/ready", Limits: targets.Limits{CPUs: 0.1},
		Scaling: record.Scaling{Min: 2, Max: 2}, Events: events.Add,
	})
	t.Cleanup(func() { d.Close(context.WithoutCancel(t.Context())) })
	return d, events
}

// Two replicas are there when Deploy returns, each told and at its own address; one that
// ends is started again, and the deployment goes on.
func TestKubernetesReplicas(t *testing.T) {
	t.Parallel() // it mostly waits
	useCluster(t)
	d, events := deployTwo(t)
	replicas, addresses := events.Of(record.EventCreated), d.Endpoint.Addresses()
	if len(replicas) != 2 || len(addresses) != 2 || replicas[0] == replicas[1] {
		t.Fatalf("replicas %q at %q, want two", replicas, addresses)
	}
	for _, replica := range replicas {
		want := []string{record.EventCreated, record.EventScheduled, record.EventRunning, record.EventReady}
		if got := events.Kinds(replica); !slices.Equal(got, want) {
			t.Errorf("events of %s: %q, want %q", replica, got, want)
		}
	}
	if first := events.Kinds("")[0]; first != record.EventDesired {
		t.Errorf("the number decided is not told: %q", first)
	}
	if resp, err := http.Post("http://"+addresses[0]+"/exit?code=3", "", nil); err == nil {
		resp.Body.Close()
	}
	events.Await(t, record.EventRestarted, func(replicas []string) bool { return len(replicas) > 0 })
	if err := d.Err(); err != nil {
		t.Errorf("the deployment ended: %v", err)
	}
	if err := d.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for _, replica := range replicas {
		if kinds := events.Kinds(replica); kinds[len(kinds)-1] != record.EventEnded {
			t.Errorf("events of %s: %q, want its end as the last", replica, kinds)
		}
	}
}

// A replica that is gone at the end is part of what was used: its CPU time, and its memory
// while it held that.
func TestKubernetesUsageOfGone(t *testing.T) {
	t.Parallel() // it mostly waits
	useCluster(t)
	d, events := deployTwo(t)
	began := time.Now()
	if _, err := d.Usage(t.Context(), time.Time{}, began); err != nil {
		t.Fatal(err)
	}
	const burnt, held = 200 * time.Millisecond, 64 << 20
	address := d.Endpoint.Addresses()[0]
	for _, asked := range []string{"/burn?ms=200", "/hold?mib=64"} {
		resp, err := http.Post("http://"+address+asked, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	time.Sleep(3 * time.Second) // in which it is read several times
	var name string
	for _, e := range events.All() {
		if e.Address == address {
			name = e.Replica
		}
	}
	namespace, _, _ := strings.Cut(name, "-1-")
	ctl(t, "-n", namespace, "delete", "pod", name, "--wait=true")
	events.Await(t, record.EventEnded, func(replicas []string) bool { return slices.Contains(replicas, name) })
	time.Sleep(3 * time.Second) // until the kubelet has removed its cgroup
	used, err := d.Usage(t.Context(), began, time.Now())
	if err != nil || used.CPU < burnt || used.Resident < held {
		t.Errorf("%+v, %v, want at least %s and %d bytes, of the replica that is gone", used, err, burnt, held)
	}
	t.Logf("%+v", used)
	if err := d.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
