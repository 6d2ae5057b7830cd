package kubernetes_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/targettest"
)

// lacked is what the target says that it could use and has not.
func lacked(t *testing.T, options map[string]string) string {
	t.Helper()
	all, err := kind(t).Lacks(context.WithoutCancel(t.Context()), options)
	if err != nil {
		t.Error(err)
	}
	var lines []string
	for _, l := range all {
		if l.Fix == "" {
			t.Errorf("%s: nothing is said that would help", l.Why)
		}
		lines = append(lines, l.Why)
	}
	return strings.Join(lines, "\n")
}

// metricsObjects are what .setup/kubernetes makes of the metrics server.
var metricsObjects = filepath.Join("..", "..", ".setup", "kube", "config", "metrics.yaml")

// serveMetrics has the cluster serve resource metrics, as at its start.
func serveMetrics(t *testing.T) {
	ctl(t, "apply", "-f", metricsObjects)
	for began := time.Now(); strings.Contains(lacked(t, nil), "metrics.k8s.io"); time.Sleep(100 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatal("the cluster does not serve resource metrics")
		}
	}
}

// Where there is no metrics server, doctor says it, nothing is deployed that would scale by
// CPU, and the usage of pods on this machine is known all the same. One that goes away later
// is an event.
func TestKubernetesWithoutMetrics(t *testing.T) {
	useClusterAlone(t)
	serveMetrics(t)
	t.Cleanup(func() { serveMetrics(t) })
	w := targets.Workload{Command: []string{targettest.Build(t)}, Ready: "/ready", Limits: targets.Limits{CPUs: 0.1}}
	scaling := w
	scaling.Scaling = record.Scaling{Min: 1, Max: 2, Metric: record.ScalingCPU, Target: 0.9}

	var events targettest.Events
	scaling.Events = events.Add
	target := open(t, nil)
	d, err := target.Deploy(t.Context(), scaling)
	if err != nil {
		t.Fatal(err)
	}
	ctl(t, "delete", "apiservice", "v1beta1.metrics.k8s.io")
	removed := len(events.All())
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		if slices.ContainsFunc(events.All()[removed:], func(e record.Event) bool {
			return e.Kind == record.EventWarning && strings.HasPrefix(e.Text, "FailedGetResourceMetric: ")
		}) {
			break
		}
		if time.Since(began) > 2*time.Minute {
			t.Fatalf("no event says that the autoscaler has no metrics: %+v", events.All())
		}
	}
	if err := d.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
	if err := target.Close(context.WithoutCancel(t.Context())); err != nil { // while no API keeps its namespace
		t.Error(err)
	}

	const missing = "the cluster does not serve the API metrics.k8s.io (no APIService v1beta1.metrics.k8s.io)"
	if said := lacked(t, nil); !strings.Contains(said, missing+": no replicas can be scaled by cpu") {
		t.Errorf("doctor says %q", said)
	}
	fails(t, nil, scaling, 20*time.Second, "scaling.metric is cpu", missing, "install metrics-server")

	ctl(t, "apply", "-f", metricsObjects)
	ctl(t, "-n", "kube-system", "delete", "endpointslice", "metrics-server")
	for began := time.Now(); !strings.Contains(lacked(t, nil), "metrics.k8s.io (EndpointsNotFound: "); time.Sleep(100 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatalf("doctor says %q", lacked(t, nil))
		}
	}
	fails(t, nil, scaling, 20*time.Second, "EndpointsNotFound", "install metrics-server")

	target = open(t, nil)
	if d, err = target.Deploy(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	usage, err := d.Usage(t.Context(), time.Time{}, time.Now())
	if err != nil || usage.CPU == 0 || usage.Resident == 0 {
		t.Errorf("usage %+v, %v", usage, err)
	}
	if err := d.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
	// The namespace controller cannot see that nothing is left in it.
	if err := target.Close(t.Context()); err == nil || !strings.Contains(err.Error(), "DiscoveryFailed") {
		t.Errorf("Close: %v, want why the namespace stays", err)
	}
}

// doctor says which rights a user lacks that only some runs need, and which quota is used up.
func TestKubernetesLacks(t *testing.T) {
	useCluster(t)
	name := namespace(t)
	apply(t, `{apiVersion: v1, kind: ResourceQuota, metadata: {name: small, namespace: `+name+`}, spec: {hard: {pods: 1, services: 5, limits.memory: 1Gi}}}`)
	account(t, name, `{apiGroups: [""], resources: [resourcequotas], verbs: [list]}, {apiGroups: [autoscaling], resources: [horizontalpodautoscalers], verbs: [create, get]}`)
	options := map[string]string{"context": "limited", "namespace": name}
	var said string
	for began := time.Now(); !strings.Contains(said, "used up"); time.Sleep(100 * time.Millisecond) {
		if said = lacked(t, options); time.Since(began) > time.Minute {
			break
		}
	}
	for _, want := range []string{
		"the user may not delete horizontalpodautoscalers: scenarios with scaling cannot run",
		"the user may not delete pods: the fault pod-kill cannot be injected",
		"the user may not delete leases, create roles, create rolebindings, create serviceaccounts, create jobs: only servebench clean removes",
		"the quota small of namespace " + name + " is used up: pods (0 of 1); a run takes a pod of the server, and one with 20m CPU and 32Mi of memory",
		"the quota small of namespace " + name + " refuses the pods of scenarios without limits.memory",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("said is\n%s\nwithout %q", said, want)
		}
	}
}

// doctor says that the load in a cluster would share the only CPU with the server.
func TestKubernetesLacksCPUForLoad(t *testing.T) {
	useCluster(t)
	const want = "the only node has 1 CPU for pods: a load made there (kubernetes.load_from) takes CPU time from the server"
	if said := lacked(t, map[string]string{"load_from": "cluster"}); !strings.Contains(said, want) {
		t.Errorf("doctor says %q, want %q", said, want)
	}
	if said := lacked(t, nil); strings.Contains(said, "load_from") {
		t.Errorf("doctor says %q of a load from outside", said)
	}
}
