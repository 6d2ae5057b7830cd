package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/local"
)

// The run's Lease says that its servebench lives. It is renewed several times before it ends,
// and the run counts as abandoned when it was not for twice as long.
const (
	leaseTime  = 20 * time.Second
	renewPause = leaseTime / 4
	patience   = 2 * leaseTime
	leaseStamp = "2006-01-02T15:04:05.000000Z07:00" // a MicroTime of the API
)

// run is what a target has in the cluster from its first deployment until Close: a namespace,
// or in one that the user names a Lease that owns everything else.
type run struct {
	cluster   *cluster
	name      string // of the Lease, and of the namespace where that is the run's
	namespace string
	own       bool // the namespace is the run's
	labels    map[string]string
	owner     object      // the reference to the Lease that objects have; nil: the namespace owns them
	account   string      // the service account of pods; "": the namespace's default
	expiry    record.Fact // how the run ends in the cluster when nobody ends it
	made      bool        // there is something of it in the cluster

	stop    context.CancelFunc // ends the renewal
	renewed chan struct{}      // closed when it ended
}

// bootID is the boot of this machine; "" where that is not known.
func bootID() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// begin makes the run in the cluster: in a namespace of its own, unless one is given.
func begin(ctx context.Context, c *cluster, namespace string) (*run, error) {
	r := &run{cluster: c, name: fmt.Sprintf("servebench-%08x", rand.Uint32()), namespace: namespace, renewed: make(chan struct{})}
	r.labels = map[string]string{managedBy: manager, labelRun: r.name, labelMaker: local.Self().String(), labelBoot: bootID()}
	if err := r.note(); err != nil {
		return nil, err
	}
	if err := r.make(ctx); err != nil {
		return nil, errors.Join(err, r.remove(context.WithoutCancel(ctx)), r.unnote())
	}
	renewing, stop := context.WithCancel(context.Background())
	r.stop = stop
	go r.renew(renewing)
	return r, nil
}

// make makes the namespace, the Lease and the service account. What the API server goes on
// with when ctx ends is waited for, so that it is known.
func (r *run) make(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	c, late := r.cluster, context.WithoutCancel(ctx)
	if r.namespace == "" {
		r.namespace, r.own = r.name, true
		meta := r.meta(r.name, nil)
		if err := c.create(late, pathOf(namespaces, ""), object{"apiVersion": "v1", "kind": "Namespace", "metadata": meta}, nil); err != nil {
			return fmt.Errorf("make a namespace (kubernetes.namespace names one that is there already): %w", err)
		}
		r.made = true
	}
	var made struct{ Metadata struct{ UID string } }
	lease := object{
		"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": r.meta(r.name, nil),
		"spec": object{"holderIdentity": r.labels[labelMaker], "leaseDurationSeconds": int(leaseTime.Seconds()), "renewTime": c.now().UTC().Format(leaseStamp)},
	}
	if err := c.create(late, pathOf(leases, r.namespace), lease, &made); err != nil {
		return fmt.Errorf("make a Lease in namespace %s: %w", r.namespace, err)
	}
	r.made = true
	if !r.own {
		r.owner = object{"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "name": r.name, "uid": made.Metadata.UID, "blockOwnerDeletion": true}
		return context.Cause(ctx)
	}
	// The namespace's default account appears some time later; pods are refused before.
	r.account = manager
	err := c.create(late, pathOf(accounts, r.namespace), object{
		"apiVersion": "v1", "kind": "ServiceAccount", "metadata": r.meta(r.account, nil), "automountServiceAccountToken": false,
	}, nil)
	if err != nil {
		return fmt.Errorf("make a service account in namespace %s: %w", r.namespace, err)
	}
	return context.Cause(ctx)
}

// renew keeps the Lease from lapsing. A renewal that fails is tried again soon: for the
// others, the run is dead only when all failed for as long as the Lease lasts.
func (r *run) renew(ctx context.Context) {
	defer close(r.renewed)
	pause := renewPause
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = renewPause
		body := object{"spec": object{"renewTime": r.cluster.now().UTC().Format(leaseStamp)}}
		if err := r.cluster.patch(ctx, pathOf(leases, r.namespace, r.name), body, nil); err != nil {
			pause = time.Second
		}
	}
}

// end ends the renewal and removes all that the run has in the cluster.
func (r *run) end(ctx context.Context) error {
	r.stop()
	<-r.renewed
	return errors.Join(r.remove(ctx), r.unnote())
}

// remove removes the run, and waits until it is gone.
func (r *run) remove(ctx context.Context) error {
	if !r.made {
		return nil
	}
	if r.own {
		return dropNamespace(ctx, r.cluster, r.namespace)
	}
	return dropLease(ctx, r.cluster, r.namespace, r.name)
}

// removeTime bounds the removal of a run.
const removeTime = 60 * time.Second

// dropNamespace removes a namespace with everything in it: its pods first, which else are
// noticed late.
func dropNamespace(ctx context.Context, c *cluster, name string) error {
	err := errors.Join(
		c.remove(ctx, pathOf(namespaces, "", name), nil, object{"propagationPolicy": "Background"}),
		endPods(ctx, c, name, nil, 1),
		c.awaitGone(ctx, pathOf(namespaces, "", name)))
	if err != nil {
		return fmt.Errorf("remove the namespace %s: %w", name, err)
	}
	return nil
}

// dropLease removes a Lease with all that it owns.
func dropLease(ctx context.Context, c *cluster, namespace, name string) error {
	path := pathOf(leases, namespace, name)
	err := errors.Join(c.remove(ctx, path, nil, object{"propagationPolicy": "Foreground"}), c.awaitGone(ctx, path))
	if err != nil {
		return fmt.Errorf("remove the Lease %s in namespace %s with what it owns: %w", name, namespace, err)
	}
	return nil
}

// goneFirst and goneMost are the pauses between two looks whether something is gone.
const (
	goneFirst = 20 * time.Millisecond
	goneMost  = 250 * time.Millisecond
)

// awaitGone waits until the API server no longer has an object.
func (c *cluster) awaitGone(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, removeTime, fmt.Errorf("it is still there after %s", removeTime))
	defer cancel()
	for pause := goneFirst; ; pause = min(2*pause, goneMost) {
		err := c.get(ctx, path, nil, nil)
		if isStatus(err, http.StatusNotFound) || isStatus(err, http.StatusForbidden) { // who may remove, but not look, takes it for gone
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// listed are the names of objects.
type listed struct{ Items []listedItem }

type listedItem struct {
	Metadata struct {
		Name, Namespace   string
		Labels            map[string]string
		DeletionTimestamp *string
	}
	Spec struct { // of a Lease
		RenewTime            time.Time
		LeaseDurationSeconds int
	}
}

// endPods deletes the pods that are selected and gives them the time to end; those that are
// on their way get no more than it.
func endPods(ctx context.Context, c *cluster, namespace string, selected map[string][]string, grace int) error {
	return c.remove(ctx, pathOf(pods, namespace), selected, object{"gracePeriodSeconds": grace, "propagationPolicy": "Background"})
}

// leftovers finds what killed servebenches left: on the cluster of this machine, if it is
// up, and on those that a servebench was killed at which ran here.
func leftovers(ctx context.Context) ([]targets.Leftover, error) {
	var found []targets.Leftover
	var failed []error
	if c, err := connect("", nil); err == nil {
		left, err := c.leftovers(ctx, "")
		if _, down := errors.AsType[*unreachable](err); down {
			err = context.Cause(ctx) // its kubeconfig outlived it
		}
		found, failed = append(found, left...), append(failed, err)
		if c.socket != "" {
			images, err := abandonedImages(ctx, c.socket)
			found, failed = append(found, images...), append(failed, err)
		}
	}
	left, err := notedLeftovers(ctx)
	return append(found, left...), errors.Join(append(failed, err)...)
}

// leftovers finds the runs in the cluster whose servebench is gone: in all namespaces, or in
// one where the user has rights there only.
func (c *cluster) leftovers(ctx context.Context, namespace string) ([]targets.Leftover, error) {
	query := map[string][]string{"labelSelector": {managedBy + "=" + manager + "," + labelRun}}
	var spaces, owners listed
	err := c.get(ctx, pathOf(namespaces, ""), query, &spaces)
	if isStatus(err, http.StatusForbidden) {
		err = nil // then it can have made none either
	}
	if err == nil {
		err = c.get(ctx, pathOf(leases, ""), query, &owners)
	}
	if isStatus(err, http.StatusForbidden) && namespace != "" {
		err = c.get(ctx, pathOf(leases, namespace), query, &owners)
	}
	if err != nil {
		return nil, fmt.Errorf("look for abandoned runs on %s: %w", c.context, err)
	}
	lapsed := map[string]bool{} // by run
	for _, l := range owners.Items {
		lapsed[l.Metadata.Labels[labelRun]] = c.now().Sub(l.Spec.RenewTime) > 2*time.Duration(l.Spec.LeaseDurationSeconds)*time.Second
	}
	var found []targets.Leftover
	own := map[string]bool{}
	for _, n := range spaces.Items {
		m := n.Metadata
		own[m.Name] = true
		if abandoned(m.Labels, lapsed[m.Labels[labelRun]]) {
			found = append(found, targets.Leftover{
				What:   fmt.Sprintf("namespace %s on Kubernetes (%s)", m.Name, c.context),
				Remove: func(ctx context.Context) error { return dropNamespace(ctx, c, m.Name) },
			})
		}
	}
	for _, l := range owners.Items {
		m := l.Metadata
		if !own[m.Namespace] && abandoned(m.Labels, lapsed[m.Labels[labelRun]]) {
			found = append(found, targets.Leftover{
				What:   fmt.Sprintf("Lease %s with what it owns in namespace %s on Kubernetes (%s)", m.Name, m.Namespace, c.context),
				Remove: func(ctx context.Context) error { return dropLease(ctx, c, m.Namespace, m.Name) },
			})
		}
	}
	living := slices.ContainsFunc(owners.Items, func(l listedItem) bool { return !lapsed[l.Metadata.Labels[labelRun]] })
	cordoned, err := c.cordoned(ctx, !living)
	return append(cordoned, found...), err
}

// abandoned reports whether the servebench that made something with these labels is gone:
// its process, where it ran on this machine, else by its Lease.
func abandoned(labels map[string]string, lapsed bool) bool {
	if labels[labelBoot] != "" && labels[labelBoot] == bootID() {
		return local.Abandoned(labels[labelMaker], "")
	}
	return lapsed
}
