package kubernetes

import (
	"context"
	"fmt"
	"slices"
	"time"

	"servebench/reports/record"
	"servebench/targets/kubernetes/metrics"
	"servebench/targets/local"
)

// nodeMeter counts what the nodes that run the server use beside their pods: for the kubelet,
// the container runtime, the system, and the control plane on a node that has it.
const nodeMeter = "CPU time of nodes beside pods"

func meterNodes(used time.Duration) record.Meter {
	return record.Meter{Name: nodeMeter, Unit: "ms", Value: float64(used) / float64(time.Millisecond)}
}

// systemTime is what the local cluster's own processes used so far; false: it is another one.
func (c cluster) systemTime() (time.Duration, bool) {
	if c.Socket == "" {
		return 0, false
	}
	group := local.SearchCgroup(systemGroup)
	if group == nil {
		return 0, false
	}
	used, err := group.Usage()
	return used.CPU, err == nil
}

// nodes are those that the pods are on.
func (o *observer) nodes() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []string
	for _, p := range o.pods {
		if node := p.Spec.NodeName; node != "" && !slices.Contains(all, node) {
			all = append(all, node)
		}
	}
	return all
}

// overheadFact says where the meter comes from, or why there is none.
func (i *instance) overheadFact(ctx context.Context) record.Fact {
	fact := record.Fact{Name: "node overhead"}
	if _, known := i.run.cluster.systemTime(); known {
		fact.Value = "kubelet, container runtime and control plane, by their control group"
	} else if _, err := metrics.BesidePods(ctx, i.run.cluster.Client, i.observer.nodes()); err != nil {
		fact.Value = fmt.Sprintf("not known: %v", err)
	} else {
		fact.Value = "what the nodes use beside their pods, by the metrics API"
	}
	return fact
}
