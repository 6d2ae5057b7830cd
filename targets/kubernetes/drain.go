package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"servebench/targets"
	"servebench/targets/kubernetes/api"
	"servebench/targets/kubernetes/expiry"
)

// nodeKind, clusterRoles and clusterBindings are kinds of objects that no namespace has.
const (
	nodeKind        = "nodes"
	clusterRoles    = "clusterroles.rbac.authorization.k8s.io/v1"
	clusterBindings = "clusterrolebindings.rbac.authorization.k8s.io/v1"
)

// drain cordons a node and evicts the deployment's pods on it, and nobody else's. The node
// bears the run's labels, by which clean finds it, and the run's Job uncordons it where
// servebench is killed.
func (i *instance) drain(ctx context.Context, node string) (targets.Injected, error) {
	c, path := i.run.cluster, api.Path(nodeKind, "", node)
	var before struct{ Spec struct{ Unschedulable bool } }
	if err := c.Get(ctx, path, nil, &before); err != nil {
		return targets.Injected{}, err
	}
	if before.Spec.Unschedulable {
		return targets.Injected{}, fmt.Errorf("the node %s is cordoned already", node)
	}
	unwatched := i.run.entrust(ctx, node)
	labels := object{labelRun: i.run.name, labelMaker: i.run.labels[labelMaker], labelBoot: i.run.labels[labelBoot]}
	if err := c.Patch(ctx, path, object{"metadata": object{"labels": labels}, "spec": object{"unschedulable": true}}, nil); err != nil {
		return targets.Injected{}, errors.Join(fmt.Errorf("cordon the node %s: %w", node, err), i.run.dismiss(context.WithoutCancel(ctx), node))
	}
	uncordon := sync.OnceValue(func() error {
		late := context.WithoutCancel(ctx)
		return errors.Join(c.uncordon(late, node), i.run.dismiss(late, node))
	})
	if unwatched == nil {
		unwatched = i.run.expiryFault()
	}
	i.healWith(uncordon)
	evicted, err := i.evict(ctx, node)
	if err != nil {
		return targets.Injected{}, errors.Join(err, uncordon())
	}
	text := fmt.Sprintf("node %s cordoned, and evicted from it: %s", node, strings.Join(evicted, ", "))
	if unwatched != nil {
		text += fmt.Sprintf("; only servebench clean uncordons it when servebench is killed: %v", unwatched)
	}
	return targets.Injected{Text: text, Heal: func(context.Context) error { return uncordon() }}, nil
}

// leftCordoned says why the Job would not uncordon a node, for users who may cordon one.
func (c cluster) leftCordoned(ctx context.Context, namespace string) []targets.Unavailable {
	if lacks, err := c.Lacking(ctx, "", api.Rights(nodeKind, "get", "list", "patch")); err != nil || len(lacks) > 0 {
		return nil
	}
	lacks, err := c.Lacking(ctx, "", slices.Concat(api.Rights(clusterRoles, "create", "delete"), api.Rights(clusterBindings, "create", "delete")))
	left := targets.Unavailable{Why: fmt.Sprintf("the user may not %s: only servebench clean uncordons the node of a node-drain when servebench is killed", strings.Join(lacks, ", ")), Fix: permit}
	if namespace != "" {
		left.Why = fmt.Sprintf("only servebench clean uncordons the node of a node-drain when servebench is killed: %v", errOutside)
		left.Fix = "leave kubernetes.namespace out, so that each run makes a namespace"
	} else if err != nil || len(lacks) == 0 {
		return nil
	}
	return []targets.Unavailable{left}
}

// errOutside says why a run in a namespace of the user's leaves nodes to clean.
var errOutside = errors.New("the run's Job has no rights outside of the namespace")

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
		if err := i.run.cluster.Create(ctx, api.Path(pods, i.run.namespace, name, "eviction"), eviction, nil); err != nil {
			return nil, fmt.Errorf("evict the pod %s: %w", name, err)
		}
	}
	return evicted, nil
}

// uncordon lets a node take pods again.
func (c cluster) uncordon(ctx context.Context, node string) error {
	if err := c.Patch(ctx, api.Path(nodeKind, "", node), json.RawMessage(expiry.Uncordoned), nil); err != nil {
		return fmt.Errorf("uncordon the node (kubectl uncordon %s does it by hand): %w", node, err)
	}
	return nil
}

// entrust has the run's Job uncordon the node too, should it have to remove the run. The
// right to do so is an object of the whole cluster, which ends with the run's namespace.
func (r *run) entrust(ctx context.Context, node string) error {
	switch {
	case r.noExpiry != nil:
		return errors.New("no Job there removes the run")
	case !r.own:
		return errOutside
	}
	c, name := r.cluster, r.watchOf(node)
	meta := r.meta(name, nil)
	meta["ownerReferences"] = []object{{"apiVersion": "v1", "kind": "Namespace", "name": r.namespace, "uid": r.uid}}
	role := object{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": meta,
		"rules": []object{{"apiGroups": []string{""}, "resources": []string{"nodes"}, "resourceNames": []string{node}, "verbs": []string{"get", "patch"}}},
	}
	binding := object{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": meta,
		"roleRef":  object{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
		"subjects": []object{{"kind": "ServiceAccount", "name": r.expiryName(), "namespace": r.namespace}},
	}
	err := c.Create(ctx, api.Path(clusterRoles, ""), role, nil)
	if err == nil {
		err = c.Create(ctx, api.Path(clusterBindings, ""), binding, nil)
	}
	if err == nil {
		err = r.noteCordon(ctx, node, true)
	}
	if err != nil {
		return errors.Join(err, r.dismiss(context.WithoutCancel(ctx), node))
	}
	return nil
}

// watchOf is the name of the right to uncordon a node.
func (r *run) watchOf(node string) string { return r.name + "-uncordon-" + node }

// noteCordon tells the run's Job by the Lease which nodes to uncordon: that one too, or no
// longer. One is noted after the other, so that the last note holds them all.
func (r *run) noteCordon(ctx context.Context, node string, cordoned bool) error {
	var all []string
	select {
	case all = <-r.cordoned:
	case <-ctx.Done():
		return fmt.Errorf("note the cordoned node %s: %w", node, context.Cause(ctx))
	}
	all = slices.DeleteFunc(all, func(one string) bool { return one == node })
	if cordoned {
		all = append(all, node)
	}
	defer func() { r.cordoned <- all }()
	return r.cluster.Patch(ctx, api.Path(leases, r.namespace, r.name), object{"metadata": object{"annotations": object{expiry.Cordoned: strings.Join(all, ",")}}}, nil)
}

// dismiss takes back what entrust did.
func (r *run) dismiss(ctx context.Context, node string) error {
	if r.noExpiry != nil || !r.own {
		return nil
	}
	c, name := r.cluster, r.watchOf(node)
	return errors.Join(r.noteCordon(ctx, node, false), c.Remove(ctx, api.Path(clusterBindings, "", name), nil, nil), c.Remove(ctx, api.Path(clusterRoles, "", name), nil, nil))
}

// cordoned finds the nodes that killed servebenches left cordoned: those of runs that are
// abandoned, by the Leases that have lapsed or are gone.
func (c cluster) cordoned(ctx context.Context, lapsed func(run string) bool) ([]targets.Leftover, error) {
	var found listed
	err := c.Get(ctx, api.Path(nodeKind, ""), map[string][]string{"labelSelector": {labelRun}}, &found)
	if api.IsStatus(err, http.StatusForbidden) {
		return nil, nil // who may not list them has cordoned none
	}
	if err != nil {
		return nil, fmt.Errorf("look for nodes left cordoned on %s: %w", c.Context, err)
	}
	var left []targets.Leftover
	for _, n := range found.Items {
		if m := n.Metadata; abandoned(m.Labels, lapsed(m.Labels[labelRun])) {
			left = append(left, targets.Leftover{
				What:   fmt.Sprintf("cordon of node %s on Kubernetes (%s)", m.Name, c.Context),
				Remove: func(ctx context.Context) error { return c.uncordon(ctx, m.Name) },
			})
		}
	}
	return left, nil
}
