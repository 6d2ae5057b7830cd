// Package kubernetes runs the server as a Deployment behind a Service on a Kubernetes
// cluster: one that make kubernetes starts on this machine, or the one of a kubeconfig's
// context that the user names. A scenario opens it through Kind.
//
// The way: begin makes the run's namespace, or in one that the user names a Lease that owns
// all the rest; a shelf puts the image into the cluster; Deploy makes Deployment and
// Service, and an observer follows the pods and the events of their namespace, from which
// come the stages of the start and whatever makes it fail; the load's path is chosen, and
// the workload's readiness request is sent over it.
//
// The API is spoken in JSON over client-go's connection, which knows kubeconfigs, their
// credentials and those of a pod. The typed clients are left out: they would double
// servebench's size.
package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"servebench/reports/record"
	"servebench/targets"
)

// The values of the option path.
const (
	auto         = "auto"
	byPod        = "pod"
	byNodePort   = "nodeport"
	byBalancer   = "loadbalancer"
	byForwarding = "port-forward"
)

// Kind describes the target. expiry finds cmd/kubernetesexpiry, the program that runs in the
// cluster beside a run.
func Kind(expiry func() (string, error)) targets.Kind {
	return targets.Kind{
		Name:      "kubernetes",
		Doc:       "The server as a Deployment on a Kubernetes cluster: the local one of make kubernetes, or any kubeconfig's.",
		Options:   options(),
		Check:     check,
		Bundles:   func(map[string]string) bool { return true },
		Describe:  describe,
		Open:      func(cfg targets.Config) (targets.Target, error) { return open(cfg, expiry) },
		Leftovers: leftovers,
		Outside:   true,
		Scales:    true,
		Faults: []string{
			targets.ProcessKill, targets.ProcessStop, targets.PodKill, targets.NetworkPartition, targets.KubeletRestart, targets.NodeDrain,
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
	}
}

// settings are the options' values.
type settings struct{ context, namespace, path, registry string }

func readSettings(set map[string]string) (settings, error) {
	values, err := targets.Resolve(options(), set)
	if err != nil {
		return settings{}, err
	}
	return settings{values["context"], values["namespace"], values["path"], values["registry"]}, nil
}

// open returns the target. Nothing is made in the cluster before the first deployment.
func open(cfg targets.Config, expiry func() (string, error)) (targets.Target, error) {
	s, err := readSettings(cfg.Options)
	if err != nil {
		return nil, fmt.Errorf("kubernetes: %w", err)
	}
	c, err := connect(s.context, nil)
	if err != nil {
		return nil, fmt.Errorf("kubernetes: %w", err)
	}
	return &target{cluster: c, settings: s, program: expiry}, nil
}

// target deploys to one cluster.
type target struct {
	cluster *cluster
	settings
	program func() (string, error) // that removes a run from within the cluster
	shelf   shelf
	number  atomic.Int64 // of deployments so far

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
	return errors.Join(append(failed, t.shelf.clear(ctx))...)
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
	lacks, err := c.lacking(ctx, s.namespace, needed(s.namespace))
	if err != nil {
		return c.unavailable(err)
	}
	if len(lacks) > 0 {
		where := "namespace " + s.namespace
		fix := "a Role that permits it"
		if s.namespace == "" {
			where, fix = "all namespaces", "a ClusterRole that permits it, or --set kubernetes.namespace=NAME of a namespace in which it is permitted"
		}
		return &targets.Unavailable{Why: fmt.Sprintf("the user of context %s may not, in %s: %s", c.context, where, strings.Join(lacks, ", ")), Fix: fix}
	}
	return nil
}

// unavailable says that the API server gave no good answer.
func (c *cluster) unavailable(err error) error {
	if _, down := errors.AsType[*unreachable](err); down && c.isDefault {
		return &targets.Unavailable{Why: err.Error(), Fix: "make kubernetes"}
	}
	return &targets.Unavailable{Why: fmt.Sprintf("context %s: %v", c.context, err)}
}

// right is something to be allowed to do.
type right struct {
	verb, kind string // as of pathOf
}

func (r right) String() string {
	resource, _, _ := strings.Cut(r.kind, ".")
	return r.verb + " " + resource
}

// needed are the rights without which nothing can be deployed.
func needed(namespace string) []right {
	all := []right{
		{"create", leases}, {"get", leases}, {"patch", leases}, {"delete", leases},
		{"create", deployments}, {"delete", deployments}, {"deletecollection", replicaSets},
		{"create", services}, {"delete", services},
		{"list", pods}, {"watch", pods}, {"deletecollection", pods}, {"get", "pods/log"}, {"watch", events},
	}
	if namespace == "" {
		all = append(all, right{"create", namespaces}, right{"delete", namespaces}, right{"create", accounts})
	}
	return all
}

// lacking returns the rights that the context's user does not have.
func (c *cluster) lacking(ctx context.Context, namespace string, rights []right) ([]string, error) {
	var mu sync.Mutex
	var lacks []string
	var failed []error
	var asking sync.WaitGroup
	for _, r := range rights {
		asking.Go(func() {
			allowed, err := c.may(ctx, namespace, r)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = append(failed, err)
			} else if !allowed {
				lacks = append(lacks, r.String())
			}
		})
	}
	asking.Wait()
	if len(failed) > 0 {
		return nil, failed[0]
	}
	return lacks, nil
}

// may asks whether the context's user may do something.
func (c *cluster) may(ctx context.Context, namespace string, r right) (bool, error) {
	resource, versioned, _ := strings.Cut(r.kind, ".")
	group, _, grouped := cutLast(versioned, "/")
	if !grouped {
		group = ""
	}
	resource, sub, _ := strings.Cut(resource, "/")
	review := object{
		"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
		"spec": object{"resourceAttributes": object{"namespace": namespace, "verb": r.verb, "group": group, "resource": resource, "subresource": sub}},
	}
	var answer struct{ Status struct{ Allowed bool } }
	err := c.create(ctx, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review, &answer)
	return answer.Status.Allowed, err
}

func cutLast(text, at string) (before, after string, found bool) {
	if i := strings.LastIndex(text, at); i >= 0 {
		return text[:i], text[i+len(at):], true
	}
	return text, "", false
}

// describe says which cluster it is, and what it lacks of what the target can use.
func describe(ctx context.Context, set map[string]string) ([]record.Fact, error) {
	s, err := readSettings(set)
	if err != nil {
		return nil, fmt.Errorf("kubernetes: %w", err)
	}
	c, err := connect(s.context, nil)
	if err != nil {
		return nil, fmt.Errorf("kubernetes: %w", err)
	}
	fact, err := c.versionFact(ctx)
	if err != nil {
		return nil, fmt.Errorf("kubernetes: %w", err)
	}
	return append([]record.Fact{fact}, c.missing(ctx, s)...), nil
}

// versionFact says which cluster it is.
func (c *cluster) versionFact(ctx context.Context) (record.Fact, error) {
	var version struct{ GitVersion string }
	if err := c.get(ctx, "/version", nil, &version); err != nil {
		return record.Fact{}, err
	}
	return record.Fact{Name: "engine", Value: fmt.Sprintf("Kubernetes %s, context %s", strings.TrimPrefix(version.GitVersion, "v"), c.context)}, nil
}

// quotas are those of the namespace that the user names.
func (c *cluster) quotas(ctx context.Context, namespace string) []record.Fact {
	var found struct {
		Items []struct {
			Metadata struct{ Name string }
			Status   struct{ Hard, Used map[string]string }
		}
	}
	if namespace == "" || c.get(ctx, pathOf("resourcequotas", namespace), nil, &found) != nil {
		return nil
	}
	var facts []record.Fact
	for _, q := range found.Items {
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(q.Status.Hard)) {
			parts = append(parts, fmt.Sprintf("%s %s of %s used", name, q.Status.Used[name], q.Status.Hard[name]))
		}
		facts = append(facts, record.Fact{Name: "quota " + q.Metadata.Name, Value: strings.Join(parts, ", ")})
	}
	return facts
}

// missing says what the cluster or its user lacks that not every run needs.
func (c *cluster) missing(ctx context.Context, s settings) []record.Fact {
	var facts []record.Fact
	rights := []right{{"create", roles}, {"create", bindings}, {"create", accounts}, {"create", jobs}, {"delete", leases}}
	if s.namespace == "" {
		rights = append(rights, right{"delete", namespaces})
	}
	if lacks, err := c.lacking(ctx, s.namespace, rights); err == nil && len(lacks) > 0 {
		facts = append(facts, record.Fact{Name: "expiry", Value: "none, only servebench clean removes what a killed servebench leaves: the user may not " + strings.Join(lacks, ", ")})
	}
	if lacks, err := c.lacking(ctx, s.namespace, []right{{"create", autoscalers}, {"delete", autoscalers}}); err == nil && len(lacks) > 0 {
		facts = append(facts, record.Fact{Name: "scaling", Value: "none: the user may not " + strings.Join(lacks, ", ")})
	}
	facts = append(facts, c.quotas(ctx, s.namespace)...)
	switch err := c.get(ctx, metricsPath, nil, nil); {
	case isStatus(err, http.StatusNotFound), isStatus(err, http.StatusServiceUnavailable):
		facts = append(facts, record.Fact{Name: "metrics API", Value: "none: what pods use is known where the node is this machine, and nothing scales by CPU"})
	case err != nil:
		facts = append(facts, record.Fact{Name: "metrics API", Value: err.Error()})
	}
	return facts
}
