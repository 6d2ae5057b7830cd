package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/local"
)

// The stages of a start on Kubernetes before those that every target has.
const (
	created   = "created"   // the pod is there
	scheduled = "scheduled" // a node was chosen for it
)

// observer follows the pods of a deployment and the events of their namespace, as they
// arrive.
type observer struct {
	cluster   *cluster
	namespace string
	name      string    // of the deployment, with which the names of its objects begin
	began     time.Time // what stages are counted from

	mu       sync.Mutex
	changed  chan struct{} // closed and made anew at each change
	pods     map[string]pod
	stages   map[string]time.Duration // of the first pod
	warnings []string                 // the events of type Warning, each once, the last of a kind
	stuck    time.Time                // since when the scheduler finds no node; zero: it did
	scaling  bool                     // the cluster is adding a node
	fault    error                    // why the start can come to nothing
	failed   chan struct{}            // closed with fault
	first    string                   // the name of the first pod
	ready    bool                     // the start is over: what ends now ends a server that ran
}

func newObserver(c *cluster, namespace, name string) *observer {
	return &observer{
		cluster: c, namespace: namespace, name: name, began: time.Now(),
		changed: make(chan struct{}), pods: map[string]pod{}, stages: map[string]time.Duration{}, failed: make(chan struct{}),
	}
}

// follow begins to follow, until ctx ends.
func (o *observer) follow(ctx context.Context) error {
	if err := o.cluster.watch(ctx, pathOf(pods, o.namespace), selector(o.name), o.seePod); err != nil {
		return fmt.Errorf("watch the pods: %w", err)
	}
	if err := o.cluster.watch(ctx, pathOf(events, o.namespace), url.Values{}, o.seeEvent); err != nil {
		return fmt.Errorf("watch the events of the namespace: %w", err)
	}
	return nil
}

// announce tells those who wait that something changed. The lock is held.
func (o *observer) announce() {
	close(o.changed)
	o.changed = make(chan struct{})
}

// await waits until the condition holds, the start failed, or ctx ended.
func (o *observer) await(ctx context.Context, holds func() bool) error {
	for {
		o.mu.Lock()
		done, changed, fault := holds(), o.changed, o.fault
		o.mu.Unlock()
		switch {
		case done:
			return nil
		case fault != nil:
			return targets.ErrEnded
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// reach notes the stage of the first pod. The lock is held.
func (o *observer) reach(p pod, stage string) {
	if _, known := o.stages[stage]; !known && p.Metadata.Name == o.first {
		o.stages[stage] = time.Since(o.began)
	}
}

// fail gives the start up, or says why the server ended. The lock is held.
func (o *observer) fail(err error) {
	if o.fault == nil {
		o.fault = err
		close(o.failed)
	}
}

// seePod takes what the watch says of a pod.
func (o *observer) seePod(is change) {
	var p pod
	if json.Unmarshal(is.Object, &p) != nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.announce()
	name := p.Metadata.Name
	if is.Type == "DELETED" {
		delete(o.pods, name)
		if name == o.first {
			o.fail(errors.New("the pod was removed from outside"))
		}
		return
	}
	o.pods[name] = p
	if o.first == "" {
		o.first = name
	}
	o.reach(p, created)
	if status, reason, message := p.condition("PodScheduled"); status == "True" {
		o.reach(p, scheduled)
		o.stuck = time.Time{}
	} else if reason == "Unschedulable" && o.stuck.IsZero() {
		o.stuck = time.Now()
		o.warn("FailedScheduling", message)
		time.AfterFunc(stuckTime, func() { o.giveUp(message) })
	}
	if p.server().State.Running != nil {
		o.reach(p, targets.Started)
	}
	if err := o.judge(p); err != nil {
		o.fail(err)
	}
}

// stuckTime is how long the scheduler may find no node for a pod: longer than the pod of the
// deployment before needs to be gone.
const stuckTime = 10 * time.Second

// giveUp fails the start if there is still no node, and none is coming.
func (o *observer) giveUp(message string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.stuck.IsZero() && !o.scaling && time.Since(o.stuck) >= stuckTime {
		o.fail(fmt.Errorf("no node can take the pod (FailedScheduling): %s", message))
		o.announce()
	}
}

// hopeless are the reasons for which a container waits that do not go away.
func hopeless(reason string) string {
	switch reason {
	case "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "ImagePullBackOff", "RegistryUnavailable", "SignatureValidationFailed":
		return "the node cannot get the image"
	case "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError", "PostStartHookError":
		return "the container cannot be started"
	case "CrashLoopBackOff":
		return "the server ends again and again"
	}
	return ""
}

// judge says why a pod can come to nothing, or its server ended; nil: neither is so. The
// lock is held.
func (o *observer) judge(p pod) error {
	s := p.server()
	if p.Status.Phase == "Failed" && (s.State.Terminated == nil || p.Status.Reason != "") {
		return fmt.Errorf("the pod failed (%s): %s", p.Status.Reason, p.Status.Message)
	}
	if p.Metadata.DeletionTimestamp != nil {
		return nil // it is asked to end
	}
	if ended := cmpTermination(s.State.Terminated, s.LastState.Terminated); ended != nil {
		if why := ended.describe(); why != nil {
			return why
		}
	}
	if w := s.State.Waiting; w != nil {
		if why := hopeless(w.Reason); why != "" {
			return fmt.Errorf("%s (%s): %s", why, w.Reason, o.said(w.Reason, w.Message))
		}
		if w.Reason == "ErrImagePull" {
			o.warn("ErrImagePull", w.Message)
		}
	}
	return nil
}

// said is the message of a reason to wait; the kubelet's first says more than the later ones.
func (o *observer) said(reason, message string) string {
	for _, w := range o.warnings {
		if first, found := strings.CutPrefix(w, "ErrImagePull: "); found && reason == "ImagePullBackOff" {
			return first
		}
	}
	return message
}

func cmpTermination(now, before *termination) *termination {
	if now != nil {
		return now
	}
	return before
}

// describe says how the server ended.
func (t *termination) describe() error {
	status := t.ExitCode
	if t.Signal != 0 {
		status = 128 + t.Signal
	}
	switch t.Reason {
	case "StartError", "ContainerCannotRun":
		return fmt.Errorf("the container cannot be started (%s): %s", t.Reason, t.Message)
	}
	return &exitError{status, errors.New(local.DescribeExit(status, t.Reason == "OOMKilled"))}
}

// exitError says that the server's process ended.
type exitError struct {
	status int
	error
}

// event is what is read of an event of the namespace.
type event struct {
	Type, Reason, Message string
	InvolvedObject        struct{ Kind, Name string }
}

// seeEvent takes an event about the deployment's objects.
func (o *observer) seeEvent(is change) {
	var e event
	if json.Unmarshal(is.Object, &e) != nil || is.Type == "DELETED" || !strings.HasPrefix(e.InvolvedObject.Name, o.name) {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case e.Reason == "TriggeredScaleUp":
		o.scaling = true
	case e.Reason == "FailedCreate":
		if !strings.Contains(e.Message, "error looking up service account") { // it comes
			o.fail(fmt.Errorf("the pod is refused (%s): %s", e.Reason, explainRefused(e.Message)))
		}
	}
	if e.Type == "Warning" {
		o.warn(e.Reason, e.Message)
	}
	o.announce()
}

// explainRefused says what to change where a quota is too small.
func explainRefused(message string) string {
	if strings.Contains(message, "exceeded quota") || strings.Contains(message, "failed quota") {
		return message + "; lower limits.cpus and limits.memory, or raise the namespace's quota"
	}
	return message
}

// mostWarnings bounds the warnings that are kept.
const mostWarnings = 8

// warn keeps a warning, the last of each reason. The lock is held.
func (o *observer) warn(reason, message string) {
	text := reason + ": " + message
	for i, w := range o.warnings {
		if strings.HasPrefix(w, reason+": ") {
			o.warnings[i] = text
			return
		}
	}
	if len(o.warnings) < mostWarnings {
		o.warnings = append(o.warnings, text)
	}
}

// quote is what an error adds of the events.
func (o *observer) quote() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.warnings) == 0 {
		return ""
	}
	return "; events: " + strings.Join(o.warnings, "; ")
}

// firstPod is the pod whose start is followed; false: there is none, or no more.
func (o *observer) firstPod() (pod, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p, there := o.pods[o.first]
	return p, there
}

// stagesUntil returns the stages of the start, given those that the readiness request went
// on with. What the API server told later than it was seen from here came before it.
func (o *observer) stagesUntil(waited []record.Stage) []record.Stage {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []record.Stage
	latest := waited[0].At
	for _, name := range []string{created, scheduled, targets.Started} {
		at, known := o.stages[name]
		if !known {
			at = latest
		}
		all = append(all, record.Stage{Name: name, At: min(at, latest)})
	}
	for i := len(all) - 2; i >= 0; i-- {
		all[i].At = min(all[i].At, all[i+1].At)
	}
	return append(all, waited...)
}
