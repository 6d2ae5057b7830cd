package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/kubernetes/api"
	"servebench/targets/local"
)

// Deploy puts the image into the cluster, makes a Deployment and a Service of it, and waits
// until the server answers its readiness request over the load's path.
func (t *target) Deploy(ctx context.Context, w targets.Workload) (*targets.Deployment, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("deploy on Kubernetes: %w", context.Cause(ctx))
	}
	d, err := t.deploy(ctx, w)
	if err != nil {
		return nil, fmt.Errorf("deploy on Kubernetes: %w", err)
	}
	return d, nil
}

func (t *target) deploy(ctx context.Context, w targets.Workload) (*targets.Deployment, error) {
	began := time.Now()
	if err := t.cluster.checkScaling(ctx, w.Scaling); err != nil {
		return nil, err
	}
	img, err := image.Open(ctx, w)
	if err != nil {
		return nil, err
	}
	s := server{workload: w, port: cmp.Or(img.Port(w), inside), kind: "NodePort"}
	if s.process, err = img.Process(ctx, w, "0.0.0.0", s.port); err != nil {
		return nil, err
	}
	r, err := t.begun(ctx)
	if err != nil {
		return nil, err
	}
	if s.image, err = t.shelf.Place(ctx, t.cluster.Client, img, w, t.registry); err != nil {
		return nil, err
	}
	switch t.path {
	case byBalancer:
		s.kind = "LoadBalancer"
	case byPod, byForwarding:
		s.kind = "ClusterIP"
	}
	s.name, s.account = fmt.Sprintf("%s-%d", r.name, t.number.Add(1)), r.account
	took := time.Since(began)
	d, err := t.start(ctx, r, s)
	if err != nil {
		return nil, err
	}
	d.Preparation = took
	return d, nil
}

// start makes one deployment in the run.
func (t *target) start(ctx context.Context, r *run, s server) (*targets.Deployment, error) {
	i := newInstance(r, s)
	d, err := t.bringUp(ctx, i)
	if err == nil {
		return d, nil
	}
	err = i.explain(ctx, err)
	return nil, errors.Join(err, i.discard())
}

// bringUp makes the objects and waits for the server.
func (t *target) bringUp(ctx context.Context, i *instance) (*targets.Deployment, error) {
	if err := i.observer.follow(i.living); err != nil {
		return nil, err
	}
	i.observer.began = time.Now()
	if err := i.create(ctx); err != nil {
		return nil, err
	}
	url, path, err := t.reach(ctx, i)
	if err != nil {
		return nil, err
	}
	w := i.server.workload
	probe := targets.Probe{
		URL: url, Path: w.Ready, HTTP2: w.HTTP2, AnyAnswer: w.AnyAnswer, Credentials: w.Credentials,
		Began: i.observer.began, Done: i.observer.failed,
	}
	waited, err := probe.Wait(ctx)
	if err != nil {
		return nil, err
	}
	if err := i.observer.awaitReplicas(ctx, i.server.fewest()); err != nil {
		return nil, err
	}
	if err := i.awaitAutoscaler(ctx); err != nil {
		return nil, err
	}
	d := &targets.Deployment{
		Endpoint: targets.Endpoint{URL: url}, Began: i.observer.began, Instance: i,
		Stages: i.observer.stagesUntil(waited),
	}
	if t.path == byPod && i.server.workload.Scaling.Max > 1 {
		d.Endpoint.Addresses = i.observer.addresses
	}
	i.observer.setReady()
	if d.LoadFrom = t.chooseLoad(ctx, i, path); d.LoadFrom != nil {
		path = insidePath(d, path)
	}
	d.Facts = append(i.facts(ctx), path)
	return d, nil
}

// create makes the Deployment and the Service. What the API server goes on with when ctx
// ends is waited for, so that it is known and can be removed.
func (i *instance) create(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	c, late := i.run.cluster, context.WithoutCancel(ctx)
	if err := c.Create(late, api.Path(deployments, i.run.namespace), i.run.deployment(i.server), nil); err != nil {
		return fmt.Errorf("make the Deployment: %w", err)
	}
	if err := c.Create(late, api.Path(services, i.run.namespace), i.run.service(i.server), &i.service); err != nil {
		return fmt.Errorf("make the Service: %w", err)
	}
	if i.server.workload.Scaling.Varies() {
		if err := c.Create(late, api.Path(autoscalers, i.run.namespace), i.run.autoscaler(i.server), nil); err != nil {
			return fmt.Errorf("make the HorizontalPodAutoscaler: %w", err)
		}
	}
	return context.Cause(ctx)
}

// explain says what a start that failed came to: what the server or the cluster did, rather
// than that nobody waited any longer.
func (i *instance) explain(ctx context.Context, err error) error {
	if !errors.Is(err, targets.ErrEnded) {
		if !i.observer.reached(targets.Started) {
			return fmt.Errorf("%w%s%s", err, i.observer.quote(err), i.run.cluster.pressed(ctx))
		}
		if asked := i.askPod(); asked != nil && context.Cause(ctx) != nil {
			err = fmt.Errorf("%w while waiting for the server to be ready: %w", context.Cause(ctx), asked)
		}
		i.logs.await(quoteTime)
		return fmt.Errorf("%w%s%s", err, i.observer.quote(err), i.tail.Quote())
	}
	fault := i.observer.faultOf()
	exit, ended := errors.AsType[*exitError](fault)
	if !ended {
		return fmt.Errorf("%w%s%s%s", fault, i.observer.quote(fault), i.run.cluster.pressed(ctx), i.run.others(ctx, i.observer))
	}
	i.logs.await(followTime)
	if exit.status == 0 {
		return fmt.Errorf("%w: it %w%s; a server has to keep running in the foreground", err, fault, i.tail.Quote())
	}
	return fmt.Errorf("%w: it %w%s", err, fault, i.tail.Quote())
}

// facts say what was applied.
func (i *instance) facts(ctx context.Context) []record.Fact {
	c, w := i.run.cluster, i.server.workload
	var facts []record.Fact
	if fact, err := c.versionFact(ctx); err == nil {
		facts = append(facts, fact)
	}
	if p, there := i.observer.firstPod(); there {
		facts = append(facts, c.nodeFact(ctx, p))
	}
	img := i.server.image
	facts = append(append(facts, img.Facts()...),
		record.Fact{Name: "namespace", Value: i.run.where()},
		record.Fact{Name: "image preparation", Value: img.How},
		record.Fact{Name: "isolation", Value: isolation(img.Image)}, i.run.expiryFact(),
	)
	return append(append(facts, i.overheadFact(ctx)), i.applied(w)...)
}

// isolation says how a container is closed in.
func isolation(img *image.Image) string {
	all := []string{"no new privileges"}
	if img.Static {
		all = append(all, "read-only root folder", "no capabilities", "user nobody", "the runtime's default seccomp profile")
	} else {
		all = append(all, "the runtime's default capabilities", "the image's user")
	}
	return strings.Join(append(all, "no service account's token"), ", ")
}

// where says which namespace the run is in.
func (r *run) where() string {
	if r.own {
		return r.namespace + ", made for the run"
	}
	return r.namespace
}

// others says what an error adds of other runs of servebench whose pods hold CPU time while no
// node takes the pod. "": there are none, or the user may not look.
func (r *run) others(ctx context.Context, o *observer) string {
	if p, there := o.firstPod(); !there || p.scheduled() {
		return ""
	}
	var found podRequests
	query := url.Values{"labelSelector": {managedBy + "=" + manager + "," + labelRun}}
	_ = r.cluster.Get(context.WithoutCancel(ctx), api.Path(pods, ""), query, &found) // the error is said without, then
	return found.text(r.name)
}

// podRequests are what pods of servebench ask for.
type podRequests struct {
	Items []struct {
		Metadata struct{ Labels map[string]string }
		Spec     struct {
			NodeName   string
			Containers []struct {
				Resources struct{ Requests struct{ CPU string } }
			}
		}
		Status struct{ Phase string }
	}
}

// text says which runs but the one of that name hold how much CPU time.
func (p podRequests) text(except string) string {
	held := map[string]float64{} // in thousandths of a CPU, which quantities of CPU are multiples of
	for _, item := range p.Items {
		run := item.Metadata.Labels[labelRun]
		if run == except || item.Spec.NodeName == "" || item.Status.Phase == "Succeeded" || item.Status.Phase == "Failed" {
			continue
		}
		for _, c := range item.Spec.Containers {
			if n, err := api.Quantity(c.Resources.Requests.CPU); err == nil && n > 0 {
				held[run] += math.Round(1000 * n)
			}
		}
	}
	var parts []string
	for _, run := range slices.Sorted(maps.Keys(held)) {
		parts = append(parts, fmt.Sprintf("%s, whose pods ask for %s CPU", run, strconv.FormatFloat(held[run]/1000, 'f', -1, 64)))
	}
	if len(parts) == 0 {
		return ""
	}
	return "; servebench has other runs on the cluster: " + strings.Join(parts, "; ") + ". Wait for their end; servebench clean removes those whose servebench was killed"
}

// pressed says what an error adds of nodes that are not well: that they are not ready, or short
// of disk space, memory or processes. "": there is nothing to say, or no right to look.
func (c cluster) pressed(ctx context.Context) string {
	var found struct {
		Items []struct {
			Metadata struct{ Name string }
			Status   struct{ Conditions api.Conditions }
		}
	}
	_ = c.Get(context.WithoutCancel(ctx), api.Path(nodeKind, ""), nil, &found) // the error is said without, then
	var all []string
	for _, n := range found.Items {
		for _, is := range n.Status.Conditions {
			if well := map[bool]string{true: "True", false: "False"}[is.Type == "Ready"]; is.Status != well {
				all = append(all, fmt.Sprintf("; node %s: condition %s is %s (%s): %s", n.Metadata.Name, is.Type, is.Status, is.Reason, is.Message))
			}
		}
	}
	const most = 4
	if more := len(all) - most; more > 0 {
		all = append(all[:most], fmt.Sprintf("; and %d more conditions of nodes", more))
	}
	return strings.Join(all, "")
}

// nodeFact says what the node runs.
func (c cluster) nodeFact(ctx context.Context, p pod) record.Fact {
	var node struct {
		Status struct {
			NodeInfo struct{ KubeletVersion, ContainerRuntimeVersion string }
		}
	}
	if err := c.Get(ctx, api.Path("nodes", "", p.Spec.NodeName), nil, &node); err != nil {
		return record.Fact{Name: "node", Value: p.Spec.NodeName}
	}
	info := node.Status.NodeInfo
	return record.Fact{Name: "node", Value: fmt.Sprintf("%s, kubelet %s, %s", p.Spec.NodeName, strings.TrimPrefix(info.KubeletVersion, "v"), info.ContainerRuntimeVersion)}
}

// applied says which limits are in force: as the kernel says where the node is this machine,
// else as they were asked for.
func (i *instance) applied(w targets.Workload) []record.Fact {
	first, _ := i.observer.firstPod()
	if pid := i.processOf(first); pid != 0 {
		facts := local.Applied(pid, w, nil)
		if why := i.groups.PinFault(); why != nil {
			at := slices.IndexFunc(facts, func(f record.Fact) bool { return f.Name == "CPUs" })
			facts[at].Value += fmt.Sprintf(", not pinned: %v", why)
		}
		return facts
	}
	facts := []record.Fact{{Name: "CPUs", Value: "those of the node, chosen by it", Unequal: true}}
	limit := "none"
	if w.Limits.Memory > 0 {
		limit = w.Limits.Memory.String()
	}
	return append(facts, record.Fact{Name: "memory limit", Value: limit}, record.Fact{Name: "GOMAXPROCS", Value: fmt.Sprint(w.Limits.Processors())})
}
