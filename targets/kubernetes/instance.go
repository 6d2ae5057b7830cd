package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"servebench/targets"
	"servebench/targets/local"
)

// instance is a running deployment.
type instance struct {
	targets.Account
	run      *run
	server   server
	observer *observer
	service  madeService
	tail     *local.Tail // the end of the output

	living context.Context // until the deployment is removed
	die    context.CancelFunc
	logs   *logs
	done   chan struct{}
	nodes  *nodes // what of it is on this machine

	mu     sync.Mutex
	wanted bool  // Close was called before it ended
	cause  error // why it ended; valid once done is closed

	once sync.Once
	err  error // of Close
}

func newInstance(r *run, s server) *instance {
	i := &instance{
		run: r, server: s, observer: newObserver(r, s), tail: new(local.Tail), done: make(chan struct{}),
	}
	i.living, i.die = context.WithCancel(context.Background())
	i.logs = newLogs(i)
	i.nodes = newNodes(s.workload.CPUSet)
	i.Read = i.used
	go i.logs.attend()
	go i.attend()
	go i.nodes.attend(i.living, i.observer)
	return i
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

// attend closes done when the server ended, wanted or not.
func (i *instance) attend() {
	defer close(i.done)
	select {
	case <-i.observer.failed:
	case <-i.living.Done():
		return
	}
	i.logs.await(followTime)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.cause = fmt.Errorf("%w%s", i.observer.faultOf(), i.tail.Quote())
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

// Done is closed when the server ended.
func (i *instance) Done() <-chan struct{} { return i.done }

// Err says why the server ended by itself.
func (i *instance) Err() error {
	select {
	case <-i.done:
	default:
		return nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.wanted {
		return nil
	}
	return i.cause
}

// Close ends the server, and removes what the deployment has in the cluster.
func (i *instance) Close(ctx context.Context) error {
	i.once.Do(func() {
		i.mu.Lock()
		select {
		case <-i.done: // it ended by itself: Err keeps saying so
		default:
			i.wanted = i.cause == nil
		}
		i.mu.Unlock()
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
	removing.Go(func() { faults[0] = c.remove(late, pathOf(deployments, namespace, i.server.name), nil, background) })
	removing.Go(func() { faults[1] = c.remove(late, pathOf(replicaSets, namespace), these, background) })
	removing.Go(func() { faults[2] = c.remove(late, pathOf(services, namespace, i.server.name), nil, background) })
	if i.server.workload.Scaling.Varies() {
		removing.Go(func() { faults[3] = c.remove(late, pathOf(autoscalers, namespace, i.server.name), nil, background) })
	}
	removing.Wait()
	err := errors.Join(append(faults, i.endPods(ctx, late, grace))...)
	i.logs.await(followTime)
	i.die()
	<-i.done
	<-i.logs.over
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
		if err := c.get(late, pathOf(pods, namespace), these, &left); err != nil {
			return err
		}
		if len(left.Items) == 0 {
			return nil
		}
		fresh := false // made by a ReplicaSet that has not heard yet
		for _, p := range left.Items {
			fresh = fresh || p.Metadata.DeletionTimestamp == nil
		}
		if fresh {
			if err := endPods(late, c, namespace, these, shortGrace); err != nil {
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
