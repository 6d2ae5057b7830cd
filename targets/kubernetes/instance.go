package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"servebench/targets"
	"servebench/targets/kubernetes/api"
	"servebench/targets/kubernetes/cgroups"
	"servebench/targets/kubernetes/metrics"
	"servebench/targets/local"
)

// instance is a running deployment.
type instance struct {
	targets.Account
	*targets.End
	run      *run
	server   server
	observer *observer
	service  madeService
	tail     *local.Tail // the end of the output

	living context.Context // until the deployment is removed
	die    context.CancelFunc
	logs   *logs
	groups *cgroups.Groups // what of it is on this machine

	meter metrics.Meter // what of it is not

	systemBefore time.Duration // the cluster's systemTime, before the deployment

	mu   sync.Mutex
	heal []func() error // what faults need no more than once to be over

	once sync.Once
	err  error // of Close
}

func newInstance(r *run, s server) *instance {
	i := &instance{
		run: r, server: s, observer: newObserver(r, s), tail: new(local.Tail), End: targets.NewEnd(),
	}
	i.living, i.die = context.WithCancel(context.Background())
	i.logs = newLogs(i)
	i.groups = cgroups.New(s.workload.CPUSet)
	i.meter.Client, i.meter.Namespace, i.meter.Selected = r.cluster.Client, r.namespace, selector(s.name)
	i.Read = i.used
	i.systemBefore, _ = r.cluster.systemTime()
	go i.logs.attend()
	go i.attend()
	go i.groups.Attend(i.living, i.observer)
	if i.observer.lasts { // pods come and go
		go i.groups.Follow(i.living)
		go i.meter.Follow(i.living, i.groups.Here)
		go i.FollowMemory(i.living.Done(), i.groups.ReadMemory)
	}
	return i
}

// healWith has Close end a fault that is still in force.
func (i *instance) healWith(heal func() error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.heal = append(i.heal, heal)
}

// healed ends the faults.
func (i *instance) healed() error {
	i.mu.Lock()
	heal := i.heal
	i.mu.Unlock()
	var failed []error
	for _, each := range heal {
		failed = append(failed, each())
	}
	return errors.Join(failed...)
}

// setReady notes that the start is over.
func (o *observer) setReady() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ready = true
}

// reached reports whether the start came to that stage.
func (o *observer) reached(stage string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, reached := o.stages[stage]
	return reached
}

// faultOf is why the start came to nothing, or the server ended.
func (o *observer) faultOf() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.fault
}

// attend waits until the server ended, wanted or not.
func (i *instance) attend() {
	select {
	case <-i.observer.failed:
	case <-i.living.Done():
		i.Ended(nil)
		return
	}
	i.logs.await(followTime)
	i.Ended(fmt.Errorf("%w%s", i.observer.endedBy(), i.tail.Quote()))
}

// askPod sends the readiness request to the pod itself, whose answer the Service keeps to
// itself before the pod is ready; nil: it has none.
func (i *instance) askPod() error {
	p, there := i.observer.firstPod()
	if !there || p.Status.PodIP == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	w := i.server.workload
	at := targets.Endpoint{URL: "http://" + targets.Address(p.Status.PodIP, i.server.port)}
	transport := at.PlainTransport(w.HTTP2)
	defer transport.CloseIdleConnections()
	err := targets.CheckReady(ctx, &http.Client{Transport: transport}, at.URL, w.Ready, w.Credentials, w.AnyAnswer)
	if targets.TimedOut(err) {
		return nil
	}
	return targets.Explain(err)
}

// Close ends the server, and removes what the deployment has in the cluster.
func (i *instance) Close(ctx context.Context) error {
	i.once.Do(func() {
		i.Want()
		i.err = i.drop(ctx, local.Grace)
	})
	return i.err
}

// discard removes what there is of a start that failed.
func (i *instance) discard() error {
	gone, cancel := context.WithCancel(context.Background())
	cancel() // nobody waits for the server to end by itself
	return i.drop(gone, 0)
}

// shortGrace is the least time that a pod gets to end: with none, the API server forgets it
// before it has ended.
const shortGrace = 1

// drop removes the deployment, whose server has the grace period to end, and less when ctx
// ends.
func (i *instance) drop(ctx context.Context, grace time.Duration) error {
	late, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), removeTime, fmt.Errorf("its pods are still there after %s", removeTime))
	defer cancel()
	c, namespace, these := i.run.cluster, i.run.namespace, selector(i.server.name)
	background := object{"propagationPolicy": "Background"}
	var removing sync.WaitGroup
	faults := make([]error, 4)
	removing.Go(func() { faults[0] = c.Remove(late, api.Path(deployments, namespace, i.server.name), nil, background) })
	removing.Go(func() { faults[1] = c.Remove(late, api.Path(replicaSets, namespace), these, background) })
	removing.Go(func() { faults[2] = c.Remove(late, api.Path(services, namespace, i.server.name), nil, background) })
	if i.server.workload.Scaling.Varies() {
		removing.Go(func() { faults[3] = c.Remove(late, api.Path(autoscalers, namespace, i.server.name), nil, background) })
	}
	removing.Wait()
	err := errors.Join(append(faults, i.endPods(ctx, late, grace))...)
	i.logs.await(followTime)
	i.die()
	<-i.Done()
	<-i.logs.over
	err = errors.Join(err, i.healed())
	if err != nil {
		return fmt.Errorf("remove the deployment %s from namespace %s: %w", i.server.name, namespace, err)
	}
	return nil
}

// endPods ends the pods, and waits until they are gone: with the grace period, and with
// little when ctx ends.
func (i *instance) endPods(ctx, late context.Context, grace time.Duration) error {
	c, namespace, these := i.run.cluster, i.run.namespace, selector(i.server.name)
	seconds := max(int(grace.Seconds()), shortGrace)
	urgent := ctx.Done()
	pressed := seconds == shortGrace
	if err := endPods(late, c, namespace, these, seconds); err != nil {
		return err
	}
	for pause := goneFirst; ; pause = min(2*pause, goneMost/2) {
		var left listed
		if err := c.Get(late, api.Path(pods, namespace), these, &left); err != nil {
			return err
		}
		if len(left.Items) == 0 {
			return nil
		}
		for _, p := range left.Items {
			if p.Metadata.DeletionTimestamp != nil {
				continue
			}
			// It was made by a ReplicaSet that had not heard yet. The others keep their time.
			if err := endPods(late, c, namespace, url.Values{"fieldSelector": {"metadata.name=" + p.Metadata.Name}}, shortGrace); err != nil {
				return err
			}
		}
		select {
		case <-late.Done():
			return context.Cause(late)
		case <-urgent:
			urgent = nil
			if !pressed {
				if err := endPods(late, c, namespace, these, shortGrace); err != nil {
					return err
				}
			}
		case <-time.After(pause):
		}
	}
}
