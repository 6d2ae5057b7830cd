package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/kubernetes/api"
	"servebench/targets/kubernetes/images"
)

const (
	roles    = "roles.rbac.authorization.k8s.io/v1"
	bindings = "rolebindings.rbac.authorization.k8s.io/v1"
	jobs     = "jobs.batch/v1"
)

// mostLife is the Job's deadline.
const mostLife = 7 * 24 * time.Hour

// expire has a Job in the cluster remove the run when its servebench is gone and nobody calls
// clean. Where that cannot be, the run goes on without, and says why.
func (t *target) expire(ctx context.Context, r *run) {
	r.expiry, r.noExpiry = t.startExpiry(ctx, r)
}

// expiryFact says how the run ends in the cluster when nobody ends it, as far as that is known
// now: the Job's pod may start later, or be refused.
func (r *run) expiryFact() record.Fact {
	if why := r.expiryFault(); why != nil {
		return record.Fact{Name: record.FactExpiry, State: record.NoExpiry, Value: fmt.Sprintf("none, only servebench clean removes what a killed servebench leaves: %v", why)}
	}
	return record.Fact{Name: record.FactExpiry, Value: fmt.Sprintf("a Job in the cluster removes the run when its Lease is not renewed for %s", patience)}
}

// expiryFault says why no Job would end the run now; nil: its pod runs.
func (r *run) expiryFault() error {
	if r.noExpiry != nil {
		return r.noExpiry
	}
	o := r.expiry
	if p, there := o.firstPod(); there && p.server().State.Running != nil {
		return nil
	}
	fault := o.faultOf()
	if fault == nil {
		fault = errors.New("the Job's pod does not run yet")
	}
	return fmt.Errorf("%w%s", fault, o.quote(fault))
}

// expiryRights are those that the Job takes to be made and given.
func expiryRights(namespace string) []api.Right {
	all := api.Rights(leases, "delete")
	if namespace == "" {
		all = append(all, api.Rights(namespaces, "delete")...)
	}
	for _, kind := range []string{roles, bindings, accounts, jobs} {
		all = append(all, api.Rights(kind, "create")...)
	}
	return all
}

// startExpiry makes the Job, and returns what follows its pod.
func (t *target) startExpiry(ctx context.Context, r *run) (*observer, error) {
	program, err := t.programs.Expiry()
	if err != nil {
		return nil, err
	}
	w := targets.Workload{Command: []string{program}}
	img, err := image.Open(ctx, w)
	if err != nil {
		return nil, err
	}
	placed, err := t.shelf.Place(ctx, r.cluster.Client, img, w, t.registry)
	if err != nil {
		return nil, err
	}
	name := r.expiryName()
	o := newObserver(r, server{name: name})
	o.helps = true
	if err := o.follow(r.living); err != nil {
		return nil, err
	}
	c, late := r.cluster, context.WithoutCancel(ctx)
	for _, one := range []struct {
		kind string
		made object
	}{
		{accounts, object{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": r.meta(name, nil)}},
		{roles, object{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": r.meta(name, nil), "rules": r.expiryRules()}},
		{bindings, object{
			"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": r.meta(name, nil),
			"roleRef":  object{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
			"subjects": []object{{"kind": "ServiceAccount", "name": name, "namespace": r.namespace}},
		}},
		{jobs, r.expiryJob(name, placed, r.expiryResources(ctx))},
	} {
		if err := c.Create(late, api.Path(one.kind, r.namespace), one.made, nil); err != nil {
			return nil, err
		}
	}
	starting, cancel := context.WithTimeout(ctx, expiryStart)
	defer cancel()
	_ = o.await(starting, "its start", func() bool { return o.pods[o.first].server().State.Running != nil }) // expiryFault says what came of it
	return o, nil
}

// expiryName is the name of the Job and of what gives it its rights.
func (r *run) expiryName() string { return r.name + "-expiry" }

// expiryRules are the rights to look at the run's Lease, and to delete what owns the run.
func (r *run) expiryRules() []object {
	rules := []object{{"apiGroups": []string{"coordination.k8s.io"}, "resources": []string{"leases"}, "resourceNames": []string{r.name}, "verbs": []string{"get", "delete"}}}
	if r.own {
		rules = append(rules, object{"apiGroups": []string{""}, "resources": []string{"namespaces"}, "resourceNames": []string{r.namespace}, "verbs": []string{"delete"}})
	}
	return rules
}

// expiryCPU and expiryMemory bound the Job's pod. A namespace with a quota of CPU time or memory
// takes no pod without such bounds.
const (
	expiryCPU    = "20m"
	expiryMemory = "32Mi"
)

// limitRanges are what a namespace demands of every container.
type limitRanges struct {
	Items []struct {
		Spec struct {
			Limits []struct{ Min, MaxLimitRequestRatio map[string]string }
		}
	}
}

// expiryResources are what the Job's pod asks for and may take: no CPU time of the node, which
// is the server's, unless the namespace demands that every container asks for some.
func (r *run) expiryResources(ctx context.Context) object {
	var found limitRanges
	if !r.own {
		_ = r.cluster.Get(ctx, api.Path("limitranges", r.namespace), nil, &found) // the pod's event says what it is refused for
	}
	requests := object{"cpu": "0", "memory": expiryMemory}
	limits := object{"cpu": expiryCPU, "memory": expiryMemory}
	for _, item := range found.Items {
		for _, demanded := range item.Spec.Limits {
			for name := range limits {
				least, bounded := demanded.Min[name]
				_, proportional := demanded.MaxLimitRequestRatio[name]
				if n, err := api.Quantity(least); err == nil && n > amount(limits[name]) {
					limits[name] = least
				}
				if bounded || proportional {
					requests[name] = limits[name]
				}
			}
		}
	}
	return object{"requests": requests, "limits": limits}
}

// expiryJob describes the Job.
func (r *run) expiryJob(name string, img images.Placed, resources object) object {
	args := []string{img.Config.Entrypoint[0], "--namespace", r.namespace, "--lease", r.name, "--patience", patience.String()}
	if r.own {
		args = append(args, "--own")
	}
	meta := r.meta(name, server{name: name}.labels())
	delete(meta, "ownerReferences")
	delete(meta, "name")
	return object{
		"apiVersion": "batch/v1", "kind": "Job", "metadata": r.meta(name, nil),
		"spec": object{
			"backoffLimit": 6, "activeDeadlineSeconds": int(mostLife.Seconds()),
			"template": object{"metadata": meta, "spec": object{
				"restartPolicy": "OnFailure", "serviceAccountName": name, "dnsPolicy": "Default", "enableServiceLinks": false,
				"terminationGracePeriodSeconds": 1,
				"securityContext":               object{"runAsNonRoot": true, "runAsUser": 65534, "runAsGroup": 65534, "seccompProfile": object{"type": "RuntimeDefault"}},
				"containers": []object{{
					"name": container, "resources": resources, "image": img.Reference, "imagePullPolicy": img.Pull, "command": args,
					"securityContext": object{"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": object{"drop": []string{"ALL"}}},
				}},
			}},
		},
	}
}

// expiryStart bounds the wait for the Job's pod, so that its start does not disturb that of
// the first server.
const expiryStart = 5 * time.Second
