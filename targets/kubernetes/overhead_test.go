package kubernetes

import (
	"testing"
	"time"

	"servebench/targets/kubernetes/metrics"
)

// The control group of the local cluster has the node's own processes alone; by the metrics
// API, all that this machine does beside pods is the node's, too.
func TestKubernetesOverhead(t *testing.T) {
	c, err := connect("", nil)
	if err == nil {
		_, err = c.versionFact(t.Context())
	}
	if err != nil {
		t.Skipf("kubernetes cannot run here: %v", err)
	}
	i := &instance{run: &run{cluster: c}, observer: &observer{pods: map[string]pod{}}}
	if cpus, err := metrics.BesidePods(t.Context(), c.Client, i.observer.nodes()); err == nil {
		t.Errorf("%v CPUs of no node", cpus)
	}
	var p pod
	p.Spec.NodeName = "servebench"
	i.observer.pods["p"] = p
	before, known := c.systemTime()
	time.Sleep(2 * time.Second)
	after, _ := c.systemTime()
	own := (after - before).Seconds() / 2
	cpus, err := metrics.BesidePods(t.Context(), c.Client, i.observer.nodes())
	if err != nil || !known || cpus <= 0 || own <= 0 {
		t.Errorf("%v CPUs by the metrics API (%v), %v by the control group (known: %t)", cpus, err, own, known)
	}
	t.Logf("%.3f CPUs by the metrics API, %.3f by the control group", cpus, own)
}
