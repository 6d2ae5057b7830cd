package kubernetes

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/kubernetes/api"
	"servebench/targets/kubernetes/metrics"
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

// checkScaling reports why the cluster cannot scale as asked for.
func (c cluster) checkScaling(ctx context.Context, s record.Scaling) error {
	if !s.Varies() {
		return nil
	}
	path, fix := metrics.Path, metrics.Fix
	if !s.OfLimits() {
		path, fix = metrics.CustomPath, "install an adapter that does, such as prometheus-adapter, or scale by cpu"
	}
	why, err := metrics.Lacking(ctx, c.Client, path)
	if why != "" {
		return &targets.Unavailable{Why: fmt.Sprintf("a HorizontalPodAutoscaler could not decide anything: scaling.metric is %s, and %s", s.Metric, why), Fix: fix}
	}
	return err
}

// awaitAutoscaler waits until the autoscaler has metrics of the pods to decide by, some time
// after they are ready: under a load before that, the wait for metrics would count as its
// time to decide. Metrics that a user defines may only come with the load.
func (i *instance) awaitAutoscaler(ctx context.Context) error {
	if s := i.server.workload.Scaling; !s.Varies() || !s.OfLimits() {
		return nil
	}
	for {
		var found struct {
			Status struct{ Conditions api.Conditions }
		}
		if err := i.run.cluster.Get(ctx, api.Path(autoscalers, i.run.namespace, i.server.name), nil, &found); err != nil {
			return fmt.Errorf("look at the HorizontalPodAutoscaler: %w", err)
		}
		active, reason, message := found.Status.Conditions.Of("ScalingActive")
		if active == "True" {
			return nil
		}
		select {
		case <-ctx.Done():
			if reason == "" {
				reason, message = "no condition ScalingActive yet", "its controller has not looked at it"
			}
			return fmt.Errorf("%w while waiting for the HorizontalPodAutoscaler to have metrics to decide by (%s): %s; "+
				"a longer workload.start_timeout gives it more time", context.Cause(ctx), reason, message)
		case <-i.observer.failed:
			return targets.ErrEnded
		case <-time.After(goneMost):
		}
	}
}

// awaitReplicas waits until so many pods are given requests.
func (o *observer) awaitReplicas(ctx context.Context, n int) error {
	if n <= 1 {
		return nil
	}
	err := o.await(ctx, "the replicas to be ready", func() bool { return o.countReady() >= n })
	if err != nil && ctx.Err() != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		return fmt.Errorf("%w: %d of %d are", err, o.countReady(), n)
	}
	return err
}

// countReady counts the pods that are given requests. The lock is held.
func (o *observer) countReady() int {
	n := 0
	for _, p := range o.pods {
		if p.isReady() {
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
		if p.isReady() {
			all = append(all, targets.Address(p.Status.PodIP, o.port))
		}
	}
	slices.Sort(all)
	return all
}
