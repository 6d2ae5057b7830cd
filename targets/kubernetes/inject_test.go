package kubernetes_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/targettest"
)

// faulted is a deployment of the test server with what is told of it.
type faulted struct {
	*testing.T
	*targets.Deployment
	mu     sync.Mutex
	events []record.Event
}

func deployFaulted(t *testing.T, replicas int) *faulted {
	t.Helper()
	useClusterAlone(t)
	f := &faulted{T: t}
	target := open(t, nil)
	w := targets.Workload{
		Command: []string{targettest.Build(t)}, Ready: "/ready", Restart: true, Events: f.add,
		Limits: targets.Limits{CPUs: 0.1}, Scaling: record.Scaling{Min: replicas, Max: replicas},
	}
	f.Deployment = deploy(t, target, w)
	t.Cleanup(func() {
		if err := f.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *faulted) add(e record.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, e)
}

// told reports whether the cluster told of an event since a moment, and of which replica.
func (f *faulted) told(since time.Time, kind string) (record.Event, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.events, func(e record.Event) bool { return e.Kind == kind && !e.At.Before(since) })
	if i < 0 {
		return record.Event{}, false
	}
	return f.events[i], true
}

func (f *faulted) inject(kind string) targets.Injected {
	f.Helper()
	injected, err := f.Instance.(targets.Injector).Inject(f.Context(), kind)
	if err != nil {
		f.Fatal(err)
	}
	f.Log(injected.Replica, injected.Text)
	return injected
}

// answers reports whether the server answers on a connection of its own.
func (f *faulted) answers() bool {
	client := &http.Client{Timeout: 500 * time.Millisecond, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(f.Endpoint.URL + "/ready")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// within waits for something to be so.
func (f *faulted) within(what string, so func() bool) {
	f.Helper()
	for began := time.Now(); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			f.Fatalf("not within a minute: %s; events %+v", what, f.events)
		}
	}
}

func (f *faulted) heal(injected targets.Injected) {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), time.Minute)
	defer cancel()
	if err := injected.Heal(ctx); err != nil {
		f.Fatal(err)
	}
	f.within("the server answers again", f.answers)
}

// TestKubernetesFaults injects, one after the other, what the only replica survives.
func TestKubernetesFaults(t *testing.T) {
	f := deployFaulted(t, 1)
	for _, c := range []struct {
		kind  string
		event string // that the cluster tells of
		lasts bool
	}{
		{targets.ProcessKill, record.EventRestarted, false},
		{targets.ProcessStop, record.EventUnready, true},
		{targets.NetworkPartition, record.EventUnready, true},
		{targets.PodKill, record.EventCreated, false},
		{targets.NodeDrain, record.EventCreated, true},
	} {
		began := time.Now()
		f.within("the server answers", f.answers)
		injected := f.inject(c.kind)
		f.within(c.kind+" shows as "+c.event, func() bool { _, told := f.told(began, c.event); return told })
		if c.lasts {
			f.within("the server does not answer", func() bool { return !f.answers() })
			f.heal(injected)
		}
		f.within("the server answers after "+c.kind, f.answers)
		f.within("the cluster tells that it is ready", func() bool { e, told := f.told(began, record.EventReady); return told && e.Replica != "" })
	}
	if left := ctl(t, "get", "nodes", "-l", "servebench/maker", "-o", "name"); strings.TrimSpace(left) != "" {
		t.Errorf("left cordoned: %s", left)
	}
}

// TestKubernetesKubeletRestart loses no request: the kubelet is not on their way.
func TestKubernetesKubeletRestart(t *testing.T) {
	f := deployFaulted(t, 1)
	f.inject(targets.KubeletRestart)
	for range 20 {
		if !f.answers() {
			t.Error("the server does not answer while the kubelet is away")
		}
		time.Sleep(50 * time.Millisecond)
	}
	f.within("the node is ready", func() bool {
		return strings.Contains(ctl(t, "get", "nodes", "-o", `jsonpath={.items[0].status.conditions[?(@.type=="Ready")].status}`), "True")
	})
}

// TestKubernetesFaultHitsTheBusiest has one of two replicas answer, by a connection that is
// kept: that one is hit.
func TestKubernetesFaultHitsTheBusiest(t *testing.T) {
	f := deployFaulted(t, 2)
	for range 3 {
		client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
		var busy struct{ Hostname string }
		for began := time.Now(); time.Since(began) < 2*time.Second; {
			resp, err := client.Get(f.Endpoint.URL + "/report")
			if err == nil {
				err = json.NewDecoder(resp.Body).Decode(&busy)
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		injected := f.inject(targets.ProcessStop)
		client.CloseIdleConnections()
		if injected.Replica != busy.Hostname {
			t.Errorf("%q is hit, and %q answered", injected.Replica, busy.Hostname)
		}
		f.heal(injected)
	}
}

// TestKubernetesFaultOfOneReplica hits one of two, and the other answers.
func TestKubernetesFaultOfOneReplica(t *testing.T) {
	f := deployFaulted(t, 2)
	began := time.Now()
	injected := f.inject(targets.PodKill)
	f.within("the pod ended", func() bool {
		e, told := f.told(began, record.EventEnded)
		return told && e.Replica == injected.Replica
	})
	f.within("the other answers", f.answers)
	f.within("another is created", func() bool { _, told := f.told(began, record.EventCreated); return told })
}
