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
	"servebench/targets/local"
)

const nodeKind = "nodes"

// Inject implements targets.Injector: one pod is hit that is ready, or its node. To reach
// into a pod, its node has to be this machine.
func (i *instance) Inject(ctx context.Context, kind string) (targets.Injected, error) {
	p, err := i.observer.chooseReady()
	if err != nil {
		return targets.Injected{}, err
	}
	var injected targets.Injected
	switch kind {
	case targets.PodKill:
		injected.Text = "deleted with a grace period of 0 s"
		err = i.run.cluster.remove(ctx, pathOf(pods, i.run.namespace, p.Metadata.Name), nil, object{"gracePeriodSeconds": 0})
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

// chooseReady returns the pod to hit: the first by name of those that are ready, or else of
// those that run.
func (o *observer) chooseReady() (chosen pod, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(o.pods)) {
		p := o.pods[name]
		if p.Metadata.DeletionTimestamp != nil || p.server().State.Running == nil {
			continue
		}
		if p.isReady() {
			return p, nil
		}
		if chosen.Metadata.Name == "" {
			chosen = p
		}
	}
	if chosen.Metadata.Name == "" {
		err = errors.New("no pod runs")
	}
	return chosen, err
}

// systemGroup is the cgroup of the components of the local cluster, see .setup/kubernetes.
const systemGroup = "servebench-kubernetes-system"

// restartKubelet ends the kubelet of the local cluster's node, which is started again.
func (c *cluster) restartKubelet() (targets.Injected, error) {
	if c.socket == "" {
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

// drain cordons a node and evicts the deployment's pods on it, and nobody else's. The node
// bears the maker's labels, by which clean finds it.
func (i *instance) drain(ctx context.Context, node string) (targets.Injected, error) {
	c, path := i.run.cluster, pathOf(nodeKind, "", node)
	var before struct{ Spec struct{ Unschedulable bool } }
	if err := c.get(ctx, path, nil, &before); err != nil {
		return targets.Injected{}, err
	}
	if before.Spec.Unschedulable {
		return targets.Injected{}, fmt.Errorf("the node %s is cordoned already", node)
	}
	labels := object{labelMaker: i.run.labels[labelMaker], labelBoot: i.run.labels[labelBoot]}
	if err := c.patch(ctx, path, object{"metadata": object{"labels": labels}, "spec": object{"unschedulable": true}}, nil); err != nil {
		return targets.Injected{}, fmt.Errorf("cordon the node %s: %w", node, err)
	}
	uncordon := func(ctx context.Context) error { return c.uncordon(ctx, node) }
	evicted, err := i.evict(ctx, node)
	if err != nil {
		return targets.Injected{}, errors.Join(err, uncordon(context.WithoutCancel(ctx)))
	}
	return targets.Injected{Text: fmt.Sprintf("node %s cordoned, and evicted from it: %s", node, strings.Join(evicted, ", ")), Heal: uncordon}, nil
}

// evict evicts the deployment's pods on a node.
func (i *instance) evict(ctx context.Context, node string) (evicted []string, err error) {
	i.observer.mu.Lock()
	for _, name := range slices.Sorted(maps.Keys(i.observer.pods)) {
		if p := i.observer.pods[name]; p.Spec.NodeName == node && p.Metadata.DeletionTimestamp == nil {
			evicted = append(evicted, name)
		}
	}
	i.observer.mu.Unlock()
	for _, name := range evicted {
		eviction := object{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": object{"name": name, "namespace": i.run.namespace}}
		if err := i.run.cluster.create(ctx, pathOf(pods, i.run.namespace, name, "eviction"), eviction, nil); err != nil {
			return nil, fmt.Errorf("evict the pod %s: %w", name, err)
		}
	}
	return evicted, nil
}

// uncordon lets a node take pods again.
func (c *cluster) uncordon(ctx context.Context, node string) error {
	restored := object{"metadata": object{"labels": object{labelMaker: nil, labelBoot: nil}}, "spec": object{"unschedulable": nil}}
	if err := c.patch(ctx, pathOf(nodeKind, "", node), restored, nil); err != nil {
		return fmt.Errorf("uncordon the node %s: %w", node, err)
	}
	return nil
}

// cordoned finds the nodes that killed servebenches left cordoned. lapsed says that none of
// the cluster's runs is renewed any more.
func (c *cluster) cordoned(ctx context.Context, lapsed bool) ([]targets.Leftover, error) {
	var found listed
	err := c.get(ctx, pathOf(nodeKind, ""), map[string][]string{"labelSelector": {labelMaker}}, &found)
	if err != nil {
		return nil, nil // who may not list them has cordoned none
	}
	var left []targets.Leftover
	for _, n := range found.Items {
		if m := n.Metadata; abandoned(m.Labels, lapsed) {
			left = append(left, targets.Leftover{
				What:   fmt.Sprintf("cordon of node %s on Kubernetes (%s)", m.Name, c.context),
				Remove: func(ctx context.Context) error { return c.uncordon(ctx, m.Name) },
			})
		}
	}
	return left, nil
}
