package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/kubernetes/api"
	"servebench/targets/kubernetes/images"
)

// The values of the option load_from, beside auto.
const (
	fromOutside = "outside"
	fromCluster = "cluster"
)

// loadPort is where a load generator listens, on its pod's loopback: only a tunnel gets there.
const loadPort = 7411

// generator is a load generator in a pod of a Job. Its pod is followed as that of a server is.
type generator struct {
	run      *run
	name     string
	observer *observer
	tunnel   *api.Tunnel
	facts    []record.Fact

	living context.Context // until Close
	die    context.CancelFunc
	once   sync.Once
	err    error // of Close
}

// loadRights are those that load in the cluster takes beside those of every deployment.
func loadRights() []api.Right {
	return append(api.Rights(jobs, "create", "delete"), api.Rights("pods/portforward", "create")...)
}

// chooseLoad says where the load on a deployment is made, that this process reaches over path;
// nil: by this process.
func (t *target) chooseLoad(ctx context.Context, i *instance, path record.Fact) *targets.LoadFrom {
	if t.from != fromCluster {
		if t.from != auto || t.path != auto || path.State != forwarded {
			return nil
		}
		if lacks, err := t.cluster.Lacking(ctx, i.run.namespace, loadRights()); err != nil || len(lacks) > 0 {
			return nil
		}
	}
	at := targets.Endpoint{URL: "http://" + targets.Address(i.service.Spec.ClusterIP, 80)}
	if p, there := i.observer.firstPod(); t.path == byPod && there {
		at.URL = "http://" + targets.Address(p.Status.PodIP, i.server.port)
		if i.server.workload.Scaling.Max > 1 {
			at.Addresses = i.observer.addresses
		}
	}
	return &targets.LoadFrom{
		Where: "a pod in the cluster", Endpoint: at,
		Start: func(ctx context.Context) (targets.Generator, error) {
			g, err := t.startLoad(ctx, i)
			if err != nil {
				return nil, err
			}
			return g, nil
		},
	}
}

// insidePath says how the load reaches the server that is made in the cluster; outside is how
// this process does.
func insidePath(d *targets.Deployment, outside record.Fact) record.Fact {
	at, _ := strings.CutPrefix(d.LoadFrom.Endpoint.URL, "http://")
	f := record.Fact{Name: pathFact, State: fromCluster, Value: at + " within the cluster, from " + d.LoadFrom.Where}
	if first, _ := strings.CutPrefix(d.Endpoint.URL, "http://"); outside.State == forwarded {
		f.Value += "; the first answer comes through a tunnel, since this machine reaches neither node nor pod"
	} else {
		f.Value += "; the first answer comes from outside, by " + first
	}
	return f
}

// startLoad makes a Job of one pod, which runs servebench's own program, and waits until it
// runs.
func (t *target) startLoad(ctx context.Context, i *instance) (*generator, error) {
	command, err := t.programs.Load()
	if err != nil {
		return nil, err
	}
	w := targets.Workload{Command: command}
	img, err := image.Open(ctx, w)
	if err != nil {
		return nil, err
	}
	placed, err := t.shelf.Place(ctx, t.cluster.Client, img, w, t.registry)
	if err != nil {
		return nil, err
	}
	r := i.run
	g := &generator{run: r, name: fmt.Sprintf("%s-load-%d", r.name, t.number.Add(1))}
	g.observer = newObserver(r, server{name: g.name, port: loadPort})
	g.living, g.die = context.WithCancel(context.Background())
	if err := g.observer.follow(g.living); err != nil {
		g.die()
		return nil, err
	}
	args := append(append([]string{placed.Config.Entrypoint[0]}, command[1:]...), "--listen", targets.Address(targets.Loopback, loadPort))
	err = r.cluster.Create(context.WithoutCancel(ctx), api.Path(jobs, r.namespace), r.loadJob(g.name, i.server.name, placed, args, t.loadCPU), nil)
	if err != nil {
		g.die()
		return nil, fmt.Errorf("make the Job: %w", err)
	}
	if err := g.await(ctx); err != nil {
		return nil, errors.Join(err, g.Close(context.WithoutCancel(ctx)))
	}
	g.facts = []record.Fact{g.placement(ctx, i, t.loadCPU)}
	return g, nil
}

// await waits until the program runs.
func (g *generator) await(ctx context.Context) error {
	o := g.observer
	err := o.await(ctx, "the pod that makes the load", func() bool { return o.pods[o.first].server().State.Running != nil })
	if errors.Is(err, targets.ErrEnded) {
		err = o.faultOf()
	}
	if err != nil {
		return fmt.Errorf("%w%s%s", err, g.said(), o.quote(err))
	}
	p, _ := o.firstPod()
	o.setReady()
	g.tunnel = g.run.cluster.NewTunnel(g.run.namespace, p.Metadata.Name, loadPort)
	return nil
}

// said is what the program wrote at its end.
func (g *generator) said() string {
	p, _ := g.observer.firstPod()
	if ended := p.server().State.Terminated; ended != nil && ended.Message != "" {
		return ": " + strings.TrimSpace(ended.Message)
	}
	return ""
}

// loadJob describes the Job. Its pod is put on another node than the server's where there is
// one, and asks for no more CPU than the user says.
func (r *run) loadJob(name, server string, img images.Placed, args []string, cpu string) object {
	labels := map[string]string{labelDeployment: name}
	meta := r.meta(name, labels)
	delete(meta, "ownerReferences")
	delete(meta, "name")
	c := object{
		"name": container, "image": img.Reference, "imagePullPolicy": img.Pull, "command": args,
		"env":                      []object{{"name": "HOME", "value": "/tmp"}, {"name": "TMPDIR", "value": "/tmp"}},
		"securityContext":          object{"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": object{"drop": []string{"ALL"}}},
		"volumeMounts":             []object{{"name": "tmp", "mountPath": "/tmp"}},
		"terminationMessagePolicy": "FallbackToLogsOnError",
	}
	if cpu != "" {
		c["resources"] = object{"requests": object{"cpu": cpu}, "limits": object{"cpu": cpu}}
	}
	spec := object{
		"restartPolicy": "Never", "automountServiceAccountToken": false, "enableServiceLinks": false, "dnsPolicy": "Default",
		"terminationGracePeriodSeconds": 1,
		"securityContext":               object{"runAsNonRoot": true, "runAsUser": 65534, "runAsGroup": 65534, "fsGroup": 65534, "seccompProfile": object{"type": "RuntimeDefault"}},
		"volumes":                       []object{{"name": "tmp", "emptyDir": object{}}},
		"containers":                    []object{c},
		"affinity": object{"podAntiAffinity": object{"preferredDuringSchedulingIgnoredDuringExecution": []object{{
			"weight": 100, "podAffinityTerm": object{"topologyKey": "kubernetes.io/hostname", "labelSelector": object{"matchLabels": object{labelDeployment: server}}},
		}}}},
	}
	if r.account != "" {
		spec["serviceAccountName"] = r.account
	}
	return object{
		"apiVersion": "batch/v1", "kind": "Job", "metadata": r.meta(name, labels),
		"spec": object{
			"backoffLimit": 0, "activeDeadlineSeconds": int(mostLife.Seconds()), "ttlSecondsAfterFinished": 60,
			"template": object{"metadata": meta, "spec": spec},
		},
	}
}

// placement says where the pod runs, and what it shares with the server.
func (g *generator) placement(ctx context.Context, i *instance, cpu string) record.Fact {
	p, _ := g.observer.firstPod()
	node := p.Spec.NodeName
	f := record.Fact{Name: "load generator", Value: "a pod on node " + node}
	if cpu != "" {
		f.Value += ", with " + cpu + " CPU"
	} else {
		f.Value += ", with what CPU the node has left (kubernetes.load_cpu sets how much it is given)"
	}
	if !i.observer.isOn(node) {
		return f
	}
	f.State, f.Unequal = "same node", true
	f.Value += "; the server's pod is on the same node"
	if n, known := g.run.cluster.cpusOf(ctx, node); known {
		f.Value += ", whose pods have CPU time of " + strconv.FormatFloat(n, 'f', -1, 64) + " in all"
	}
	f.Value += ": the load takes CPU time from the server"
	return f
}

// isOn reports whether a pod of the deployment is on the node.
func (o *observer) isOn(node string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.pods {
		if p.Spec.NodeName == node {
			return true
		}
	}
	return false
}

// cpusOf is how many CPUs a node has for pods; false: the user may not know.
func (c cluster) cpusOf(ctx context.Context, node string) (float64, bool) {
	var is struct {
		Status struct{ Allocatable struct{ CPU string } }
	}
	if err := c.Get(ctx, api.Path("nodes", "", node), nil, &is); err != nil {
		return 0, false
	}
	n, err := api.Quantity(is.Status.Allocatable.CPU)
	return n, err == nil
}

// Dial implements targets.Generator.
func (g *generator) Dial(ctx context.Context) (net.Conn, error) { return g.tunnel.Dial(ctx) }

// Facts implements targets.Generator.
func (g *generator) Facts() []record.Fact { return g.facts }

// Done is closed when the pod came to its end, and not by Close.
func (g *generator) Done() <-chan struct{} { return g.observer.failed }

// Err says how the pod came to its end.
func (g *generator) Err() error {
	fault := g.observer.faultOf()
	if fault == nil || g.living.Err() != nil {
		return nil
	}
	if _, exited := errors.AsType[*exitError](fault); exited {
		fault = fmt.Errorf("its program %w", fault)
	}
	return fmt.Errorf("%w%s%s", fault, g.said(), g.observer.quote(fault))
}

// Close removes the Job and waits until its pod is gone.
func (g *generator) Close(ctx context.Context) error {
	g.once.Do(func() {
		g.die()
		if g.tunnel != nil {
			g.tunnel.Close()
		}
		late, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), removeTime, fmt.Errorf("its pod is still there after %s", removeTime))
		defer cancel()
		c, r := g.run.cluster, g.run
		g.err = errors.Join(
			c.Remove(late, api.Path(jobs, r.namespace, g.name), nil, object{"propagationPolicy": "Background"}),
			endPods(late, c, r.namespace, selector(g.name), shortGrace),
			c.awaitNoPods(late, r.namespace, selector(g.name)))
		if g.err != nil {
			g.err = fmt.Errorf("remove the Job %s from namespace %s: %w", g.name, r.namespace, g.err)
		}
	})
	return g.err
}

// awaitNoPods waits until no pod is selected any more.
func (c cluster) awaitNoPods(ctx context.Context, namespace string, selected map[string][]string) error {
	for pause := goneFirst; ; pause = min(2*pause, goneMost/2) {
		var left listed
		if err := c.Get(ctx, api.Path(pods, namespace), selected, &left); err != nil || len(left.Items) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}
