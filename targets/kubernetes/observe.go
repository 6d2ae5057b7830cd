package kubernetes

import (
	"cmp"
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
	port      int       // that the server listens on
	began     time.Time // what stages are counted from

	// lasts says that the deployment goes on whatever becomes of a replica that was ready:
	// there are others, or it is started again.
	lasts bool
	tell  func(record.Event) // what happens to the replicas; nil: nobody listens

	mu       sync.Mutex
	changed  chan struct{} // closed and made anew at each change
	pods     map[string]pod
	stages   map[string]time.Duration // of the first pod
	warnings []string                 // the events of type Warning, the last of each reason
	stuck    time.Time                // since when the scheduler finds no node; zero: it did
	growing  bool                     // the cluster is adding a node
	desired  int                      // how many replicas there shall be
	fault    error                    // why the start can come to nothing, or the server ended
	failed   chan struct{}            // closed with fault
	first    string                   // the name of the first pod
	ready    bool                     // the start is over: what ends now is a server that ran
}

func newObserver(r *run, s server) *observer {
	w := s.workload
	return &observer{
		cluster: r.cluster, namespace: r.namespace, name: s.name, port: s.port, began: time.Now(),
		lasts: w.Restart || w.Scaling.Max > 1, tell: w.Events,
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
	if o.tell == nil {
		return nil
	}
	if err := o.cluster.watch(ctx, pathOf(deployments, o.namespace), selector(o.name), o.seeDeployment); err != nil {
		return fmt.Errorf("watch the Deployment: %w", err)
	}
	return nil
}

// report tells what happened to a replica. The lock is held.
func (o *observer) report(kind string, p pod, text string) {
	if o.tell == nil {
		return
	}
	e := record.Event{At: time.Now(), Kind: kind, Replica: p.Metadata.Name, Text: text}
	if p.Status.PodIP != "" {
		e.Address = targets.Address(p.Status.PodIP, o.port)
	}
	o.tell(e)
}

// seeDeployment takes how many replicas there shall be.
func (o *observer) seeDeployment(is change) {
	var d struct{ Spec struct{ Replicas int } }
	if json.Unmarshal(is.Object, &d) != nil || is.Type == "DELETED" {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if n := d.Spec.Replicas; n != o.desired {
		o.desired = n
		o.tell(record.Event{At: time.Now(), Kind: record.EventDesired, Replicas: n})
	}
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
	before, known := o.pods[name]
	if is.Type == "DELETED" {
		delete(o.pods, name)
		if !before.ended() {
			o.report(record.EventEnded, p, "")
		}
		if name == o.first && !o.goesOn() {
			o.fail(errors.New("the pod was removed from outside"))
		}
		return
	}
	o.pods[name] = p
	if o.first == "" {
		o.first = name
	}
	o.follows(before, p, known)
	if status, reason, message := p.condition("PodScheduled"); status == "True" {
		o.stuck = time.Time{}
	} else if reason == "Unschedulable" && o.stuck.IsZero() && !o.goesOn() {
		o.stuck = time.Now()
		o.warn("FailedScheduling", message)
		time.AfterFunc(stuckTime, func() { o.giveUp(message) })
	}
	if err := o.judge(p); err != nil && !o.goesOn() {
		o.fail(err)
	}
}

// goesOn reports whether what becomes of one replica is not the end of the deployment. The
// lock is held.
func (o *observer) goesOn() bool { return o.ready && o.lasts }

// follows notes and tells what is new of a pod. The lock is held.
func (o *observer) follows(before, p pod, known bool) {
	if !known {
		o.reach(p, created)
		o.report(record.EventCreated, p, "")
	}
	was, is := before.server(), p.server()
	if p.scheduled() && !before.scheduled() {
		o.reach(p, scheduled)
		o.report(record.EventScheduled, p, p.Spec.NodeName)
	}
	ended := cmp.Or(is.State.Terminated, is.LastState.Terminated)
	switch {
	case is.RestartCount > was.RestartCount && known:
		o.report(record.EventRestarted, p, ended.text())
	case is.State.Running != nil && was.State.Running == nil:
		o.reach(p, targets.Started)
		o.report(record.EventRunning, p, "")
	}
	switch {
	case p.isReady() && !before.isReady():
		o.report(record.EventReady, p, "")
	case !p.isReady() && before.isReady():
		o.report(record.EventUnready, p, ended.text())
	}
	if p.ended() && !before.ended() {
		o.report(record.EventEnded, p, ended.text())
	}
}

// stuckTime is how long the scheduler may find no node for a pod: longer than the pod of the
// deployment before needs to be gone.
const stuckTime = 10 * time.Second

// giveUp fails the start if there is still no node, and none is coming.
func (o *observer) giveUp(message string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.stuck.IsZero() && !o.growing && time.Since(o.stuck) >= stuckTime {
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
	if ended := cmp.Or(s.State.Terminated, s.LastState.Terminated); ended != nil {
		return ended.describe()
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

// text says in an event how the server ended; "": it did not.
func (t *termination) text() string {
	if t == nil {
		return ""
	}
	return t.describe().Error()
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
		o.growing = true
	case e.Reason == "FailedCreate" && !o.goesOn():
		if !strings.Contains(e.Message, "error looking up service account") { // it comes
			o.fail(fmt.Errorf("the pod is refused (%s): %s", e.Reason, explainRefused(e.Message)))
		}
	}
	if e.Type == "Warning" {
		o.warn(e.Reason, e.Message)
		o.reportWarning(e)
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

// reportWarning tells a warning of the platform. The lock is held.
func (o *observer) reportWarning(e event) {
	if o.tell == nil {
		return
	}
	told := record.Event{At: time.Now(), Kind: record.EventWarning, Text: e.Reason + ": " + e.Message}
	if e.InvolvedObject.Kind == "Pod" {
		told.Replica = e.InvolvedObject.Name
	}
	o.tell(told)
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

// quote is what an error adds of the events that it does not say itself.
func (o *observer) quote(said error) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var more []string
	for _, w := range o.warnings {
		if _, message, _ := strings.Cut(w, ": "); !strings.Contains(said.Error(), message) && !strings.HasSuffix(message, "ImagePullBackOff") {
			more = append(more, w)
		}
	}
	if len(more) == 0 {
		return ""
	}
	return "; events: " + strings.Join(more, "; ")
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
