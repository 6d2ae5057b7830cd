package kubernetes

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"servebench/reports/record"
	"servebench/targets"
)

const autoscalers = "horizontalpodautoscalers.autoscaling/v2"

// autoscaler has the cluster choose the number of replicas.
func (r *run) autoscaler(s server) object {
	w := s.workload.Scaling
	metric := object{"type": "Pods", "pods": object{
		"metric": object{"name": w.Metric}, "target": object{"type": "AverageValue", "averageValue": strconv.FormatFloat(w.Target, 'f', -1, 64)},
	}}
	if w.OfLimits() {
		metric = object{"type": "Resource", "resource": object{
			"name": w.Metric, "target": object{"type": "Utilization", "averageUtilization": int(w.Target*100 + 0.5)},
		}}
	}
	spec := object{
		"scaleTargetRef": object{"apiVersion": "apps/v1", "kind": "Deployment", "name": s.name},
		"minReplicas":    w.Min, "maxReplicas": w.Max, "metrics": []object{metric},
	}
	if w.Stabilization > 0 {
		spec["behavior"] = object{"scaleDown": object{"stabilizationWindowSeconds": int(w.Stabilization.Seconds())}}
	}
	return object{
		"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
		"metadata": r.meta(s.name, s.labels()), "spec": spec,
	}
}

// customMetricsPath is where metrics of pods are served that a user defines.
const customMetricsPath = "/apis/custom.metrics.k8s.io"

// checkScaling reports why the cluster cannot scale as asked for.
func (c *cluster) checkScaling(ctx context.Context, s record.Scaling) error {
	if !s.Varies() {
		return nil
	}
	path, fix := metricsPath, "install metrics-server"
	if !s.OfLimits() {
		path, fix = customMetricsPath, "install an adapter that does, such as prometheus-adapter, or scale by cpu"
	}
	err := c.get(ctx, path, nil, nil)
	if isStatus(err, http.StatusNotFound) || isStatus(err, http.StatusServiceUnavailable) {
		return &targets.Unavailable{Why: fmt.Sprintf("scaling.metric is %s, and the cluster does not serve such metrics (%s)", s.Metric, path[len("/apis/"):]), Fix: fix}
	}
	return err
}

// awaitReplicas waits until so many pods are given requests.
func (o *observer) awaitReplicas(ctx context.Context, n int) error {
	if n <= 1 {
		return nil
	}
	err := o.await(ctx, func() bool { return o.countReady() >= n })
	if err != nil && ctx.Err() != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		return fmt.Errorf("%w while waiting for the replicas to be ready: %d of %d are", err, o.countReady(), n)
	}
	return err
}

// countReady counts the pods that are given requests. The lock is held.
func (o *observer) countReady() int {
	n := 0
	for _, p := range o.pods {
		if p.isReady() && p.Metadata.DeletionTimestamp == nil {
			n++
		}
	}
	return n
}

// addresses are those of the pods that are given requests.
func (o *observer) addresses() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []string
	for _, p := range o.pods {
		if p.isReady() && p.Metadata.DeletionTimestamp == nil {
			all = append(all, targets.Address(p.Status.PodIP, o.port))
		}
	}
	slices.Sort(all)
	return all
}
