package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"servebench/targets"
	"servebench/targets/kubernetes/api"
	"servebench/targets/local"
)

// Inject implements targets.Injector: one pod is hit that is ready, the busiest where that is
// known, or its node. To reach into a pod, its node has to be this machine.
func (i *instance) Inject(ctx context.Context, kind string) (targets.Injected, error) {
	p, err := i.observer.chooseReady(i.groups.Busiest)
	if err != nil {
		return targets.Injected{}, err
	}
	var injected targets.Injected
	switch kind {
	case targets.PodKill:
		injected.Text = "deleted with a grace period of 0 s"
		err = i.run.cluster.Remove(ctx, api.Path(pods, i.run.namespace, p.Metadata.Name), nil, object{"gracePeriodSeconds": 0})
	case targets.ProcessKill, targets.ProcessStop:
		if pid := i.processOf(p); pid != 0 {
			injected, err = local.Prey{Main: pid}.Inject(kind)
		} else {
			err = errElsewhere
		}
	case targets.NetworkPartition: // a NetworkPolicy does nothing on many clusters
		if pid := i.processOf(p); pid != 0 {
			injected, err = local.CutOff(pid)
		} else {
			err = errElsewhere
		}
	case targets.DiskFill:
		injected, err = i.fillDisk(p)
	case targets.KubeletRestart:
		injected, err = i.run.cluster.restartKubelet()
	case targets.NodeDrain:
		injected, err = i.drain(ctx, p.Spec.NodeName)
	default:
		err = errors.New("the target does not know it")
	}
	if err != nil {
		return targets.Injected{}, fmt.Errorf("inject %s: %w", kind, err)
	}
	if kind != targets.KubeletRestart && kind != targets.NodeDrain {
		injected.Replica = p.Metadata.Name
	}
	return injected, nil
}

var errElsewhere = errors.New("the pod's process cannot be reached, since its node is not this machine (pod-kill and node-drain work everywhere)")

// chooseReady returns the pod to hit of those that are ready, or else of those that run: the
// busiest, which the load would miss most, or where no unique id is said to be it, the first
// by name.
func (o *observer) chooseReady(busiest func(ids []string) string) (pod, error) {
	var ready, run []pod
	o.mu.Lock()
	for _, name := range slices.Sorted(maps.Keys(o.pods)) {
		p := o.pods[name]
		if p.Metadata.DeletionTimestamp != nil || p.server().State.Running == nil {
			continue
		}
		run = append(run, p)
		if p.isReady() {
			ready = append(ready, p)
		}
	}
	o.mu.Unlock()
	if len(run) == 0 {
		return pod{}, errors.New("no pod runs")
	}
	if len(ready) == 0 {
		ready = run
	}
	ids := make([]string, len(ready))
	for i, p := range ready {
		ids[i] = p.Metadata.UID
	}
	return ready[max(0, slices.Index(ids, busiest(ids)))], nil
}

// systemGroup is the cgroup of the components of the local cluster, see .setup/kubernetes.
const systemGroup = "servebench-kubernetes-system"

// restartKubelet ends the kubelet of the local cluster's node, which is started again.
func (c cluster) restartKubelet() (targets.Injected, error) {
	if c.Socket == "" {
		return targets.Injected{}, errors.New("the cluster is not the one of make kubernetes on this machine")
	}
	group := local.SearchCgroup(systemGroup)
	if group == nil {
		return targets.Injected{}, errors.New("the kubelet is not in the cgroup " + systemGroup)
	}
	pids, err := group.Processes()
	if err != nil {
		return targets.Injected{}, err
	}
	for _, pid := range pids {
		if isKubelet(pid) {
			return targets.Injected{Text: fmt.Sprintf("SIGTERM to the kubelet, process %d", pid)}, syscall.Kill(pid, syscall.SIGTERM)
		}
	}
	return targets.Injected{}, errors.New("no kubelet runs")
}

// isKubelet reports whether a process is a kubelet, by itself or as a part of one binary of
// all components.
func isKubelet(pid int) bool {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)) // it may be gone
	args := strings.Split(string(text), "\x00")
	return filepath.Base(args[0]) == "kubelet" || len(args) > 1 && filepath.Base(args[0]) == "kube" && args[1] == "kubelet"
}
