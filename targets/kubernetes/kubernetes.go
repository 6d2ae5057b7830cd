// Package kubernetes runs the server as a Deployment behind a Service on a Kubernetes
// cluster: one that make kubernetes starts on this machine, or the one of a kubeconfig's
// context that the user names. A scenario opens it through Kind.
//
// The way: begin makes the run's namespace, or in one that the user names a Lease that owns
// all the rest; images.Shelf puts the image into the cluster; Deploy makes Deployment and
// Service, and an observer follows the pods and the events of their namespace, from which
// come the stages of the start and whatever makes it fail; the load's path is chosen, and
// the workload's readiness request is sent over it.
package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"servebench/targets"
	"servebench/targets/kubernetes/api"
	"servebench/targets/kubernetes/images"
)

// The values of the option path.
const (
	auto         = "auto"
	byPod        = "pod"
	byNodePort   = "nodeport"
	byBalancer   = "loadbalancer"
	byForwarding = "port-forward"
)

// cluster is what servebench asks a cluster for, and does to it.
type cluster struct{ *api.Client }

// connect finds the cluster of a context: as of api.Connect.
func connect(context string, files []string) (cluster, error) {
	c, err := api.Connect(context, files)
	return cluster{c}, err
}

// Programs finds the programs that run in the cluster beside a run.
type Programs struct {
	Expiry func() (string, error)   // cmd/kubernetesexpiry
	Load   func() ([]string, error) // the command that makes the load of a run, with remote.Serve
}

// Kind describes the target.
func Kind(programs Programs) targets.Kind {
	return targets.Kind{
		Name:      "kubernetes",
		Doc:       "The server as a Deployment on a Kubernetes cluster: the local one of make kubernetes, or any kubeconfig's.",
		Options:   options(),
		Check:     check,
		Bundles:   func(map[string]string) bool { return true },
		Describe:  describe,
		Lacks:     lacks,
		Open:      func(cfg targets.Config) (targets.Target, error) { return open(cfg, programs) },
		Leftovers: leftovers,
		Outside:   true,
		Remote:    isRemote,
		Scales:    true,
		Faults: []string{
			targets.ProcessKill, targets.ProcessStop, targets.PodKill, targets.NetworkPartition, targets.DiskFill, targets.KubeletRestart, targets.NodeDrain,
		},
	}
}

func options() []targets.Option {
	return []targets.Option{
		{Name: "context", Doc: "context of a kubeconfig (KUBECONFIG, else ~/.kube/config), or in-cluster for the service account of the pod that servebench runs in; without it the local cluster of make kubernetes, and no other"},
		{Name: "namespace", Doc: "existing namespace to deploy into; without it each run makes a namespace and removes it"},
		{
			Name: "path", Default: auto, Values: []string{auto, byNodePort, byPod, byBalancer, byForwarding},
			Doc: "how the load reaches the server: a node's port or a load balancer, from which the Service spreads connections over the pods, the address of a single pod, or a tunnel through the API server, which is measured as well; auto takes the node's port where it can be reached from here, else the pod's address, else the tunnel",
		},
		{Name: "registry", Doc: "repository, such as registry.example/team/bench, that images are pushed to and the cluster pulls them from; without it, the local cluster gets them directly, and others pull what workload.image names"},
		{
			Name: "load_from", Default: auto, Values: []string{auto, fromOutside, fromCluster},
			Doc: "where the load is made: outside by this process, or in the cluster by a Job of one pod, which sends it to the address of the Service (of the pods with path: pod), so that the way into the cluster is left out; auto is outside, unless neither a node nor a pod can be reached from here and the user may make a Job",
		},
		{Name: "load_cpu", Doc: "how much CPU the pod of load_from asks for and is bounded to, such as 2 or 500m; without it, what the node has left"},
	}
}

// settings are the options' values.
type settings struct{ context, namespace, path, registry, from, loadCPU string }

func readSettings(set map[string]string) (settings, error) {
	values, err := targets.Resolve(options(), set)
	if err != nil {
		return settings{}, err
	}
	cpu := values["load_cpu"]
	if n, err := api.Quantity(cpu); cpu != "" && (err != nil || n <= 0) {
		return settings{}, &targets.OptionError{Option: "load_cpu", Err: fmt.Errorf("%q is no amount of CPU: want one such as 2 or 500m", cpu)}
	}
	if registry := values["registry"]; registry != "" {
		if _, err := images.ReadRepository(registry); err != nil {
			return settings{}, &targets.OptionError{Option: "registry", Err: err}
		}
	}
	return settings{values["context"], values["namespace"], values["path"], values["registry"], values["load_from"], cpu}, nil
}

// open returns the target. Nothing is made in the cluster before the first deployment.
func open(cfg targets.Config, programs Programs) (targets.Target, error) {
	s, err := readSettings(cfg.Options)
	if err != nil {
		return nil, fmt.Errorf("kubernetes: %w", err)
	}
	c, err := connect(s.context, nil)
	if err != nil {
		return nil, fmt.Errorf("kubernetes: %w", err)
	}
	return &target{cluster: c, settings: s, programs: programs}, nil
}

// target deploys to one cluster.
type target struct {
	cluster cluster
	settings
	programs Programs
	shelf    images.Shelf
	number   atomic.Int64 // of deployments and load generators so far

	mu  sync.Mutex
	run *run // nil: none yet
}

// begun returns the run in the cluster, which the first deployment begins.
func (t *target) begun(ctx context.Context) (*run, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.run != nil {
		return t.run, nil
	}
	r, err := begin(ctx, t.cluster, t.namespace)
	if err != nil {
		return nil, err
	}
	t.run = r
	t.expire(ctx, r)
	return r, nil
}

// Close removes the run from the cluster, and the images from this machine's node.
func (t *target) Close(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var failed []error
	if t.run != nil {
		failed = append(failed, t.run.end(ctx))
		t.run = nil
	}
	return errors.Join(append(failed, t.shelf.Clear(ctx))...)
}

// check reports whether the API server answers, and the context's user may deploy.
func check(ctx context.Context, set map[string]string) error {
	s, err := readSettings(set)
	if err != nil {
		return nil // open says what is wrong with the options
	}
	c, err := connect(s.context, nil)
	if err != nil {
		return err
	}
	rights := needed(s.namespace)
	if s.from == fromCluster {
		rights = append(rights, loadRights()...)
	}
	lacks, err := c.Lacking(ctx, s.namespace, rights)
	if err != nil {
		return c.unavailable(err)
	}
	if len(lacks) > 0 {
		where := "namespace " + s.namespace
		fix := "a Role that permits it"
		if s.namespace == "" {
			where, fix = "all namespaces", "a ClusterRole that permits it, or --set kubernetes.namespace=NAME of a namespace in which it is permitted"
		}
		return &targets.Unavailable{Why: fmt.Sprintf("the user of context %s may not, in %s: %s", c.Context, where, strings.Join(lacks, ", ")), Fix: fix}
	}
	return nil
}

// unavailable says that the API server gave no good answer.
func (c cluster) unavailable(err error) error {
	if _, down := errors.AsType[*api.Unreachable](err); down && c.IsDefault {
		return &targets.Unavailable{Why: err.Error(), Fix: "make kubernetes"}
	}
	return &targets.Unavailable{Why: fmt.Sprintf("context %s: %v", c.Context, err)}
}

// needed are the rights without which nothing can be deployed.
func needed(namespace string) []api.Right {
	all := slices.Concat(
		api.Rights(leases, "create", "get", "patch", "delete"),
		api.Rights(deployments, "create", "delete"), api.Rights(replicaSets, "deletecollection"),
		api.Rights(services, "create", "delete"),
		api.Rights(pods, "list", "watch", "deletecollection"), api.Rights("pods/log", "get"), api.Rights(events, "watch"),
	)
	if namespace == "" {
		all = slices.Concat(all, api.Rights(namespaces, "create", "delete"), api.Rights(accounts, "create"))
	}
	return all
}
