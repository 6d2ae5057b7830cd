package kubernetes

import (
	"context"
	"time"

	"servebench/reports/record"
	"servebench/targets/kubernetes/metrics"
)

// processOf is the id of the first process of a pod's server, where that is on this machine; 0:
// it is not.
func (i *instance) processOf(p pod) int {
	return i.groups.Process(p.Metadata.UID, p.server().ContainerID)
}

// used is what the pods used so far.
func (i *instance) used(context.Context) (record.Usage, error) {
	all, err := i.groups.Used()
	if system, known := i.run.cluster.systemTime(); known && err == nil {
		all.Meters = []record.Meter{meterNodes(system - i.systemBefore)}
	}
	return all, err
}

// Placed implements cgroups.Pods.
func (o *observer) Placed() (ids []string, changed <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.pods {
		if p.Spec.NodeName != "" {
			ids = append(ids, p.Metadata.UID)
		}
	}
	return ids, o.changed
}

// Running implements cgroups.Pods.
func (o *observer) Running(uid string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	for name, p := range o.pods {
		if p.Metadata.UID == uid && p.server().State.Running != nil {
			return name
		}
	}
	return ""
}

// Usage is what the pods used in the interval: by their control groups where the node is this
// machine, else by the metrics API, which knows a mean over some seconds.
func (i *instance) Usage(ctx context.Context, from, to time.Time) (record.Usage, error) {
	since := from
	if since.IsZero() {
		since = i.observer.began
	}
	var used record.Usage
	var err error
	if i.groups.Here() {
		used, err = i.Account.Usage(ctx, from, to)
	} else {
		used, err = i.meter.Usage(ctx, since, to, func() []string { return i.observer.ranSince(since) })
	}
	if i.run.cluster.Socket != "" || err != nil {
		return used, err // the account has the meter
	}
	if cpus, err := metrics.BesidePods(ctx, i.run.cluster.Client, i.observer.nodes()); err == nil {
		used.Meters = append(used.Meters, meterNodes(time.Duration(cpus*float64(to.Sub(since)))))
	}
	return used, nil
}

// ranSince are the names of the pods that run, or have ended since then.
func (o *observer) ranSince(then time.Time) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []string
	for name, p := range o.pods {
		if p.ran() && !p.ended() { // also one that is to be started again
			all = append(all, name)
		}
	}
	for name, at := range o.gone {
		if at.After(then) {
			all = append(all, name)
		}
	}
	return all
}
