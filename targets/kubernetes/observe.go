package kubernetes

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/kubernetes/api"
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
	cluster   cluster
	namespace string
	name      string    // of the deployment, with which the names of its objects begin
	port      int       // that the server listens on
	began     time.Time // what stages are counted from

	// lasts says that the deployment goes on whatever becomes of a replica that was ready:
	// there are others, or it is started again.
	lasts bool
	tell  func(record.Event) // what happens to the replicas; nil: nobody listens

	helps bool // its pods are servebench's own, and not the server's

	living context.Context // of follow

	mu       sync.Mutex
	changed  chan struct{} // closed and made anew at each change
	pods     map[string]pod
	gone     map[string]time.Time     // when pods ended or were removed whose servers ran, by name
	stages   map[string]time.Duration // of the first pod
	warnings []string                 // the events of type Warning, the last of each reason
	stuck    time.Time                // since when the scheduler finds no node; zero: it did
	growing  bool                     // the cluster is adding a node
	evicted  map[string]string        // what the kubelet said of pods that it evicted, by name
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
		changed: make(chan struct{}), pods: map[string]pod{}, gone: map[string]time.Time{}, evicted: map[string]string{}, stages: map[string]time.Duration{}, failed: make(chan struct{}),
	}
}

// follow begins to follow, until ctx ends.
func (o *observer) follow(ctx context.Context) error {
	o.living = ctx
	if err := o.cluster.Watch(ctx, api.Path(pods, o.namespace), selector(o.name), o.seePod); err != nil {
		return fmt.Errorf("watch the pods: %w", err)
	}
	if err := o.cluster.Watch(ctx, api.Path(events, o.namespace), url.Values{}, o.seeEvent); err != nil {
		return fmt.Errorf("watch the events of the namespace: %w", err)
	}
	if o.tell == nil {
		return nil
	}
	if err := o.cluster.Watch(ctx, api.Path(deployments, o.namespace), selector(o.name), o.seeDeployment); err != nil {
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
func (o *observer) seeDeployment(is api.Change) {
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

// await waits until the condition holds, the start failed, or ctx ended: what says what is
// waited for.
func (o *observer) await(ctx context.Context, what string, holds func() bool) error {
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
			return fmt.Errorf("%w while waiting for %s", context.Cause(ctx), what)
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
func (o *observer) seePod(is api.Change) {
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
		if _, ended := o.gone[name]; before.ran() && !ended {
			o.gone[name] = time.Now()
		}
		if !before.ended() {
			o.report(record.EventEnded, p, "")
		}
		go o.explainGone(name == o.first && !o.goesOn())
		return
	}
	o.pods[name] = p
	if p.ended() && !before.ended() && (p.ran() || before.ran()) { // the object stays, as of one that was evicted
		o.gone[name] = time.Now()
	}
	if o.first == "" {
		o.first = name
	}
	o.follows(before, p, known)
	if status, reason, message := p.Status.Conditions.Of("PodScheduled"); status == "True" {
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

// explainGone fails the deployment after a pod was removed, if it was the last or somebody deletes
// the namespace.
func (o *observer) explainGone(last bool) {
	ctx, cancel := context.WithTimeout(o.living, lookTime)
	defer cancel()
	var namespace struct{ Status struct{ Phase string } }
	err := o.cluster.Get(ctx, api.Path(namespaces, "", o.namespace), nil, &namespace) // the user may have no right to
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.announce()
	switch {
	case o.living.Err() != nil: // it is removed by this program
	case namespace.Status.Phase == "Terminating" || api.IsStatus(err, http.StatusNotFound):
		o.fail(&targets.Evicted{Removed: true, Err: fmt.Errorf("the namespace %s was deleted by somebody else", o.namespace)})
	case last:
		o.fail(&targets.Evicted{Removed: true, Err: errors.New("the pod was deleted by somebody else")})
	}
}

// lookTime bounds the question whether the namespace is being deleted.
const lookTime = 2 * time.Second

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
	restarted := is.RestartCount > was.RestartCount && known && !p.ended()
	switch {
	case restarted:
		o.report(record.EventRestarted, p, ended.text())
	case is.State.Running != nil && was.State.Running == nil:
		o.reach(p, targets.Started)
		o.report(record.EventRunning, p, "")
	}
	switch {
	case p.isReady() && (!before.isReady() || restarted): // the kubelet may tell both at a time
		o.report(record.EventReady, p, "")
	case !p.isReady() && before.isReady():
		o.report(record.EventUnready, p, ended.text())
	}
	if p.ended() && !before.ended() {
		text := ended.text()
		if p.Status.Reason != "" { // such as Evicted
			text = p.Status.Reason + ": " + p.Status.Message
		}
		o.report(record.EventEnded, p, text)
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
		return &targets.Evicted{Err: fmt.Errorf("the pod failed (%s): %s", p.Status.Reason, p.Status.Message)}
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
	oom := t.Reason == "OOMKilled"
	return &exitError{status, targets.Ended(errors.New(local.DescribeExit(status, oom)), oom)}
}

// exitError says that the server's process ended.
type exitError struct {
	status int
	error
}

func (e *exitError) Unwrap() error { return e.error }

// event is what is read of an event of the namespace.
type event struct {
	Type, Reason, Message string
	InvolvedObject        struct{ Kind, Name string }
}

// seeEvent takes an event about the deployment's objects.
func (o *observer) seeEvent(is api.Change) {
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
			o.fail(fmt.Errorf("the pod is refused (%s): %s", e.Reason, o.explainRefused(e.Message)))
		}
	}
	if e.Reason == "Evicted" && e.InvolvedObject.Kind == "Pod" {
		o.evicted[e.InvolvedObject.Name] = e.Message
	}
	if e.Type == "Warning" {
		o.warn(e.Reason, e.Message)
		o.reportWarning(e)
	}
	o.announce()
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

// evictionTime is how long after its end a server may turn out to have been evicted: its process
// ends before the kubelet says why.
const evictionTime = 500 * time.Millisecond

// endedBy is why the server ended, which the observer has as its fault: by itself, unless the
// kubelet evicted its pod.
func (o *observer) endedBy() error {
	for began := time.Now(); ; time.Sleep(evictionTime / 10) {
		o.mu.Lock()
		fault, message := o.fault, o.evicted[o.first]
		o.mu.Unlock()
		_, exited := errors.AsType[*exitError](fault)
		switch {
		case exited && message != "":
			return &targets.Evicted{Err: fmt.Errorf("the pod failed (Evicted): %s", message)}
		case !exited || time.Since(began) > evictionTime:
			return fault
		}
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
