package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"servebench/targets"
	"servebench/targets/kubernetes/api"
	"servebench/targets/kubernetes/images"
	"servebench/targets/kubernetes/notes"
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
	cluster   cluster
	name      string // of the Lease, and of the namespace where that is the run's
	namespace string
	own       bool   // the namespace is the run's
	uid       string // of the namespace, where that is the run's
	labels    map[string]string
	owner     object    // the reference to the Lease that objects have; nil: the namespace owns them
	account   string    // the service account of pods; "": the namespace's default
	expiry    *observer // of the Job there that ends it when nobody does
	noExpiry  error     // why there is none
	made      bool      // there is something of it in the cluster

	living  context.Context    // until its end begins
	stop    context.CancelFunc // ends living, and with it the renewal
	renewed chan struct{}      // closed when it ended

	cordoned chan []string // holds the nodes that the run has cordoned, unless they are being noted
}

// bootID names the boot of this machine and the namespace of its process ids, in which a
// maker's process can be looked for; "" where that is not known.
func bootID() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s-%d", strings.TrimSpace(string(text)), local.Self().Space)
}

// begin makes the run in the cluster: in a namespace of its own, unless one is given.
func begin(ctx context.Context, c cluster, namespace string) (*run, error) {
	r := &run{cluster: c, name: fmt.Sprintf("servebench-%08x", rand.Uint32()), namespace: namespace, renewed: make(chan struct{}), cordoned: make(chan []string, 1)}
	r.cordoned <- nil
	r.labels = map[string]string{managedBy: manager, labelRun: r.name, labelMaker: local.Self().String(), labelBoot: bootID()}
	if !c.IsDefault { // where clean always looks
		if err := (notes.Note{Context: c.Context, Kubeconfigs: c.Files, Namespace: namespace}).Write(r.name); err != nil {
			return nil, err
		}
	}
	if err := r.make(ctx); err != nil {
		return nil, errors.Join(err, r.removeNoted(context.WithoutCancel(ctx)))
	}
	r.living, r.stop = context.WithCancel(context.Background())
	go r.renew(r.living)
	return r, nil
}

// make makes the namespace, the Lease and the service account. What the API server goes on
// with when ctx ends is waited for, so that it is known.
func (r *run) make(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	c, late := r.cluster, context.WithoutCancel(ctx)
	var made struct{ Metadata struct{ UID string } }
	if r.namespace == "" {
		r.namespace, r.own = r.name, true
		meta := r.meta(r.name, nil)
		if err := c.Create(late, api.Path(namespaces, ""), object{"apiVersion": "v1", "kind": "Namespace", "metadata": meta}, &made); err != nil {
			return fmt.Errorf("make a namespace (kubernetes.namespace names one that is there already): %w", err)
		}
		r.made, r.uid = true, made.Metadata.UID
	}
	lease := object{
		"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": r.meta(r.name, nil),
		"spec": object{"holderIdentity": r.labels[labelMaker], "leaseDurationSeconds": int(leaseTime.Seconds()), "renewTime": c.Now().UTC().Format(leaseStamp)},
	}
	if err := c.Create(late, api.Path(leases, r.namespace), lease, &made); err != nil {
		return fmt.Errorf("make a Lease in namespace %s: %w", r.namespace, err)
	}
	r.made = true
	if !r.own {
		r.owner = object{"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "name": r.name, "uid": made.Metadata.UID, "blockOwnerDeletion": true}
		return context.Cause(ctx)
	}
	// The namespace's default account appears some time later; pods are refused before.
	r.account = manager
	err := c.Create(late, api.Path(accounts, r.namespace), object{
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
		body := object{"spec": object{"renewTime": r.cluster.Now().UTC().Format(leaseStamp)}}
		if err := r.cluster.Patch(ctx, api.Path(leases, r.namespace, r.name), body, nil); err != nil {
			pause = time.Second
		}
	}
}

// end ends the renewal and removes all that the run has in the cluster.
func (r *run) end(ctx context.Context) error {
	r.stop()
	<-r.renewed
	return r.removeNoted(ctx)
}

// removeNoted removes the run, and then the note of it, from which clean knows where to look.
func (r *run) removeNoted(ctx context.Context) error {
	if err := r.remove(ctx); err != nil {
		return err
	}
	return notes.Remove(r.name)
}

// remove removes the run, and waits until it is gone.
func (r *run) remove(ctx context.Context) error {
	if !r.made || r.cluster.Ended() {
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
func dropNamespace(ctx context.Context, c cluster, name string) error {
	err := c.Remove(ctx, api.Path(namespaces, "", name), nil, object{"propagationPolicy": "Background"})
	if _, down := errors.AsType[*api.Unreachable](err); !down {
		err = errors.Join(err, endPods(ctx, c, name, nil, 1), c.awaitGone(ctx, api.Path(namespaces, "", name)))
	}
	if err != nil {
		return fmt.Errorf("remove the namespace %s: %w", name, err)
	}
	return nil
}

// dropLease removes a Lease with all that it owns.
func dropLease(ctx context.Context, c cluster, namespace, name string) error {
	path := api.Path(leases, namespace, name)
	err := c.Remove(ctx, path, nil, object{"propagationPolicy": "Foreground"})
	if _, down := errors.AsType[*api.Unreachable](err); !down {
		err = errors.Join(err, c.awaitGone(ctx, path))
	}
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

// heldTime is how long a namespace may be held by an API that does not answer, or the API
// server give no answer.
const heldTime = 10 * time.Second

// awaitGone waits until the API server no longer has an object. A namespace whose content can
// no longer be listed, since the server of some API is away, stays until that is back.
func (c cluster) awaitGone(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, removeTime, fmt.Errorf("it is still there after %s", removeTime))
	defer cancel()
	var held time.Time
	for pause := goneFirst; ; pause = min(2*pause, goneMost) {
		var left struct {
			Status struct{ Conditions api.Conditions }
		}
		err := c.Get(ctx, path, nil, &left)
		_, down := errors.AsType[*api.Unreachable](err)
		if api.IsStatus(err, http.StatusNotFound) || api.IsStatus(err, http.StatusForbidden) { // who may remove, but not look, takes it for gone
			return nil
		}
		is, reason, message := left.Status.Conditions.Of("NamespaceDeletionDiscoveryFailure")
		switch {
		case is != "True" && !down:
			held = time.Time{}
		case held.IsZero():
			held = time.Now()
		case down && time.Since(held) > heldTime:
			return err
		case time.Since(held) > heldTime:
			return fmt.Errorf("it stays until the cluster's APIs answer again or are removed, such as that of a metrics server (%s): %s", reason, message)
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
func endPods(ctx context.Context, c cluster, namespace string, selected map[string][]string, grace int) error {
	return c.Remove(ctx, api.Path(pods, namespace), selected, object{"gracePeriodSeconds": grace, "propagationPolicy": "Background"})
}

// leftovers finds what killed servebenches left: on the cluster of this machine, if it is
// up, and on those that a servebench was killed at which ran here.
func leftovers(ctx context.Context) ([]targets.Leftover, error) {
	var found []targets.Leftover
	var failed []error
	if c, err := connect("", nil); err == nil {
		left, err := c.leftovers(ctx, "")
		if _, down := errors.AsType[*api.Unreachable](err); down {
			err = context.Cause(ctx) // its kubeconfig outlived it
		}
		found, failed = append(found, left...), append(failed, err)
		if c.Socket != "" {
			kept, err := images.Abandoned(ctx, c.Socket)
			found, failed = append(found, kept...), append(failed, err)
		}
	}
	left, err := notedLeftovers(ctx)
	return append(found, left...), errors.Join(append(failed, err)...)
}

// notedLeftovers finds what killed servebenches left on the clusters that they noted, and
// the notes.
func notedLeftovers(ctx context.Context) ([]targets.Leftover, error) {
	noted, err := notes.Left()
	var found []targets.Leftover
	failed := []error{err}
	for _, file := range slices.Sorted(maps.Keys(noted)) {
		n := noted[file]
		c, err := connect(n.Context, n.Kubeconfigs)
		if err != nil {
			failed = append(failed, fmt.Errorf("look for what a run left that %s tells of: %w", file, err))
			continue
		}
		left, err := c.leftovers(ctx, n.Namespace)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		found = append(append(found, left...), targets.Leftover{
			What:   fmt.Sprintf("note of a run on Kubernetes (%s), %s", n.Context, file),
			Remove: func(context.Context) error { return os.Remove(file) },
		})
	}
	return found, errors.Join(failed...)
}

// leftovers finds the runs in the cluster whose servebench is gone: in all namespaces, or in
// one where the user has rights there only.
func (c cluster) leftovers(ctx context.Context, namespace string) ([]targets.Leftover, error) {
	query := map[string][]string{"labelSelector": {managedBy + "=" + manager + "," + labelRun}}
	var spaces, owners listed
	err := c.Get(ctx, api.Path(namespaces, ""), query, &spaces)
	if api.IsStatus(err, http.StatusForbidden) {
		err = nil // then it can have made none either
	}
	if err == nil {
		err = c.Get(ctx, api.Path(leases, ""), query, &owners)
	}
	if api.IsStatus(err, http.StatusForbidden) && namespace != "" {
		err = c.Get(ctx, api.Path(leases, namespace), query, &owners)
	}
	if err != nil {
		return nil, fmt.Errorf("look for abandoned runs on %s: %w", c.Context, err)
	}
	lapsed := map[string]bool{} // by run
	for _, l := range owners.Items {
		lapsed[l.Metadata.Name] = c.Now().Sub(l.Spec.RenewTime) > 2*time.Duration(l.Spec.LeaseDurationSeconds)*time.Second
	}
	var found []targets.Leftover
	own := map[string]bool{}
	for _, n := range spaces.Items {
		m := n.Metadata
		own[m.Name] = true
		if abandoned(m.Labels, lapsed[m.Labels[labelRun]]) {
			found = append(found, targets.Leftover{
				What:   fmt.Sprintf("namespace %s on Kubernetes (%s)", m.Name, c.Context),
				Remove: func(ctx context.Context) error { return dropNamespace(ctx, c, m.Name) },
			})
		}
	}
	for _, l := range owners.Items {
		m := l.Metadata
		if !own[m.Namespace] && abandoned(m.Labels, lapsed[m.Labels[labelRun]]) {
			found = append(found, targets.Leftover{
				What:   fmt.Sprintf("Lease %s with what it owns in namespace %s on Kubernetes (%s)", m.Name, m.Namespace, c.Context),
				Remove: func(ctx context.Context) error { return dropLease(ctx, c, m.Namespace, m.Name) },
			})
		}
	}
	cordoned, err := c.cordoned(ctx, func(run string) bool {
		late, there := lapsed[run]
		return late || !there
	})
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
