package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/kubernetes/api"
	"servebench/targets/kubernetes/metrics"
)

// find connects to the cluster that the options name.
func find(set map[string]string) (cluster, settings, error) {
	s, err := readSettings(set)
	if err != nil {
		return cluster{}, settings{}, fmt.Errorf("kubernetes: %w", err)
	}
	c, err := connect(s.context, nil)
	if err != nil {
		return cluster{}, settings{}, fmt.Errorf("kubernetes: %w", err)
	}
	return c, s, nil
}

// isRemote reports whether none of the cluster's nodes is this machine, as a node is that runs
// here in a container. Who may not look at them is left to assume the one nearby.
func isRemote(ctx context.Context, set map[string]string) bool {
	c, _, err := find(set)
	if err != nil || c.Socket != "" {
		return false
	}
	var nodes struct {
		Items []struct {
			Status struct{ NodeInfo struct{ BootID string } }
		}
	}
	if c.Get(ctx, api.Path(nodeKind, ""), nil, &nodes) != nil {
		return false
	}
	for _, n := range nodes.Items {
		if n.Status.NodeInfo.BootID == bootID() {
			return false
		}
	}
	return true
}

// describe says which cluster it is, and how much of its quotas a namespace has used.
func describe(ctx context.Context, set map[string]string) ([]record.Fact, error) {
	c, s, err := find(set)
	if err != nil {
		return nil, err
	}
	fact, err := c.versionFact(ctx)
	if err != nil {
		return nil, fmt.Errorf("kubernetes: %w", err)
	}
	facts := []record.Fact{fact}
	for _, q := range c.Quotas(ctx, s.namespace) {
		facts = append(facts, record.Fact{Name: "quota " + q.Metadata.Name, Value: q.String()})
	}
	return facts, nil
}

// versionFact says which cluster it is.
func (c cluster) versionFact(ctx context.Context) (record.Fact, error) {
	var version struct{ GitVersion string }
	if err := c.Get(ctx, "/version", nil, &version); err != nil {
		return record.Fact{}, err
	}
	return record.Fact{Name: "engine", Value: fmt.Sprintf("Kubernetes %s, context %s", strings.TrimPrefix(version.GitVersion, "v"), c.Context)}, nil
}

// lacks finds what only some runs need: rights, resource metrics, room in a quota.
func lacks(ctx context.Context, set map[string]string) ([]targets.Unavailable, error) {
	c, s, err := find(set)
	if err != nil {
		return nil, err
	}
	all, failed := c.lackedRights(ctx, s.namespace)
	all = append(all, c.leftCordoned(ctx, s.namespace)...)
	if s.from == fromCluster {
		all = append(all, c.nodesOf(ctx).lackForLoad()...)
	}
	why, errMetrics := metrics.Lacking(ctx, c.Client, metrics.Path)
	if why != "" {
		all = append(all, targets.Unavailable{
			Why: why + ": no replicas can be scaled by cpu or memory, and what pods use is known only where their node is this machine", Fix: metrics.Fix,
		})
	}
	for _, q := range c.Quotas(ctx, s.namespace) {
		all = append(all, quotaLacks(s.namespace, q)...)
	}
	return all, errors.Join(failed, errMetrics)
}

// quotaLacks says what a quota has not left that every run takes, and which limits a scenario
// has to set because of it.
func quotaLacks(namespace string, q api.Quota) (all []targets.Unavailable) {
	cpu, memory := amount(expiryCPU), amount(expiryMemory)
	short := q.Short(map[string]float64{
		"pods": 2, "services": 1, "count/deployments.apps": 1, "count/jobs.batch": 1,
		"limits.cpu": cpu, "requests.cpu": cpu, "cpu": cpu, "limits.memory": memory, "requests.memory": memory, "memory": memory,
	})
	if len(short) > 0 {
		all = append(all, targets.Unavailable{
			Why: fmt.Sprintf("the quota %s of namespace %s is used up: %s; a run takes a pod of the server, and one with %s CPU and %s of memory that removes the run when servebench is killed",
				q.Metadata.Name, namespace, strings.Join(short, ", "), expiryCPU, expiryMemory),
			Fix: "raise the quota, or remove what uses it",
		})
	}
	if settings, _ := settingsOf(q.Counted()); len(settings) > 0 {
		all = append(all, targets.Unavailable{
			Why: fmt.Sprintf("the quota %s of namespace %s refuses the pods of scenarios without %s", q.Metadata.Name, namespace, strings.Join(settings, " and ")),
			Fix: "set " + strings.Join(settings, " and ") + " in the scenarios that run there",
		})
	}
	return all
}

// nodeSizes are how much CPU time nodes have for pods.
type nodeSizes struct {
	Items []struct {
		Status struct{ Allocatable struct{ CPU string } }
	}
}

// nodesOf are those of the cluster; none where the user may not look.
func (c cluster) nodesOf(ctx context.Context) (found nodeSizes) {
	_ = c.Get(ctx, api.Path(nodeKind, ""), nil, &found)
	return found
}

// lackForLoad says that the only node has no CPU for the server and another for the load.
func (n nodeSizes) lackForLoad() []targets.Unavailable {
	if len(n.Items) != 1 {
		return nil
	}
	cpus, err := api.Quantity(n.Items[0].Status.Allocatable.CPU)
	if err != nil || cpus >= 2 {
		return nil
	}
	return []targets.Unavailable{{
		Why: fmt.Sprintf("the only node has %s CPU for pods: a load made there (kubernetes.load_from) takes CPU time from the server and is sent late, so that such runs are mostly INVALID", strconv.FormatFloat(cpus, 'f', -1, 64)),
		Fix: "make the load outside, or use a cluster with a second node or more CPUs",
	}}
}

// permit is what to do about a right that is missing.
const permit = "have a Role or ClusterRole permit it"

// lackedRights finds the rights that the user does not have and only some runs need.
func (c cluster) lackedRights(ctx context.Context, namespace string) (all []targets.Unavailable, err error) {
	for _, one := range []struct {
		rights  []api.Right
		without string // what cannot be without them
	}{
		{expiryRights(namespace), "only servebench clean removes what a killed servebench leaves"},
		{api.Rights(autoscalers, "create", "get", "delete"), "scenarios with scaling cannot run"},
		{api.Rights(deployments, "watch"), "scenarios with scaling or faults cannot run"},
		{loadRights(), "no load can be made in the cluster (kubernetes.load_from)"},
		{api.Rights(pods, "delete"), "the fault pod-kill cannot be injected"},
		{slices.Concat(api.Rights(nodeKind, "get", "patch"), api.Rights("pods/eviction", "create")), "the fault node-drain cannot be injected"},
	} {
		missing, err := c.Lacking(ctx, namespace, one.rights)
		if err != nil {
			return all, err
		}
		if len(missing) > 0 {
			all = append(all, targets.Unavailable{
				Why: fmt.Sprintf("the user may not %s: %s", strings.Join(missing, ", "), one.without), Fix: permit,
			})
		}
	}
	return all, nil
}
