package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/image"
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
	if s.image, err = t.shelf.place(ctx, t.cluster, img, w, t.registry); err != nil {
		return nil, err
	}
	switch t.path {
	case byBalancer:
		s.kind = "LoadBalancer"
	case byPod, byForwarding:
		s.kind = "ClusterIP"
	}
	if err := t.cluster.checkScaling(ctx, w.Scaling); err != nil {
		return nil, err
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
	d := &targets.Deployment{
		Endpoint: targets.Endpoint{URL: url}, Began: i.observer.began, Instance: i,
		Stages: i.observer.stagesUntil(waited),
	}
	if t.path == byPod && i.server.workload.Scaling.Max > 1 {
		d.Endpoint.Addresses = i.observer.addresses
	}
	i.observer.setReady()
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
	if err := c.create(late, pathOf(deployments, i.run.namespace), i.run.deployment(i.server), nil); err != nil {
		return fmt.Errorf("make the Deployment: %w", err)
	}
	if err := c.create(late, pathOf(services, i.run.namespace), i.run.service(i.server), &i.service); err != nil {
		return fmt.Errorf("make the Service: %w", err)
	}
	if i.server.workload.Scaling.Varies() {
		if err := c.create(late, pathOf(autoscalers, i.run.namespace), i.run.autoscaler(i.server), nil); err != nil {
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
			return fmt.Errorf("%w%s", err, i.observer.quote(err))
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
		return fmt.Errorf("%w%s", fault, i.observer.quote(fault))
	}
	i.logs.await(followTime)
	if exit.status == 0 {
		return fmt.Errorf("%w: it %w%s; if it is to run on in the background, %s", err, fault, i.tail.Quote(), local.StayInForeground)
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
		record.Fact{Name: "image preparation", Value: img.how},
		record.Fact{Name: "isolation", Value: isolation(img.Image)}, i.run.expiry,
	)
	return append(facts, i.applied(w)...)
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

// nodeFact says what the node runs.
func (c *cluster) nodeFact(ctx context.Context, p pod) record.Fact {
	var node struct {
		Status struct {
			NodeInfo struct{ KubeletVersion, ContainerRuntimeVersion string }
		}
	}
	if err := c.get(ctx, pathOf("nodes", "", p.Spec.NodeName), nil, &node); err != nil {
		return record.Fact{Name: "node", Value: p.Spec.NodeName}
	}
	info := node.Status.NodeInfo
	return record.Fact{Name: "node", Value: fmt.Sprintf("%s, kubelet %s, %s", p.Spec.NodeName, strings.TrimPrefix(info.KubeletVersion, "v"), info.ContainerRuntimeVersion)}
}

// applied says which limits are in force: as the kernel says where the node is this machine,
// else as they were asked for.
func (i *instance) applied(w targets.Workload) []record.Fact {
	if pid := i.serverProcess(); pid != 0 {
		facts := local.Applied(pid, w, nil)
		if why := i.pinFault(); why != nil {
			at := slices.IndexFunc(facts, func(f record.Fact) bool { return f.Name == "CPUs" })
			facts[at].Value += fmt.Sprintf(", not pinned: %v", why)
		}
		return facts
	}
	facts := []record.Fact{{Name: "CPUs", Value: "those of the node, chosen by it", Unequal: len(w.CPUSet) > 0}}
	limit := "none"
	if w.Limits.Memory > 0 {
		limit = w.Limits.Memory.String()
	}
	return append(facts, record.Fact{Name: "memory limit", Value: limit}, record.Fact{Name: "GOMAXPROCS", Value: fmt.Sprint(w.Limits.Processors())})
}
