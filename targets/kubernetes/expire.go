package kubernetes

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/image"
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
	if err := t.startExpiry(ctx, r); err != nil {
		r.expiry = record.Fact{Name: "expiry", Value: fmt.Sprintf("none, only servebench clean removes what a killed servebench leaves: %v", err)}
		return
	}
	r.expiry = record.Fact{Name: "expiry", Value: fmt.Sprintf("a Job in the cluster removes the run when its Lease is not renewed for %s", patience)}
}

func (t *target) startExpiry(ctx context.Context, r *run) error {
	program, err := t.program()
	if err != nil {
		return err
	}
	w := targets.Workload{Command: []string{program}}
	img, err := image.Open(ctx, w)
	if err != nil {
		return err
	}
	placed, err := t.shelf.place(ctx, r.cluster, img, w, t.registry)
	if err != nil {
		return err
	}
	name := r.name + "-expiry"
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
		{jobs, r.expiryJob(name, placed)},
	} {
		if err := c.create(late, pathOf(one.kind, r.namespace), one.made, nil); err != nil {
			return err
		}
	}
	c.awaitJob(ctx, r.namespace, name)
	return nil
}

// expiryRules are the rights to look at the run's Lease, and to delete what owns the run.
func (r *run) expiryRules() []object {
	rules := []object{{"apiGroups": []string{"coordination.k8s.io"}, "resources": []string{"leases"}, "resourceNames": []string{r.name}, "verbs": []string{"get", "delete"}}}
	if r.own {
		rules = append(rules, object{"apiGroups": []string{""}, "resources": []string{"namespaces"}, "resourceNames": []string{r.namespace}, "verbs": []string{"delete"}})
	}
	return rules
}

// expiryJob asks for no CPU and no memory, which are the server's.
func (r *run) expiryJob(name string, img placed) object {
	args := []string{img.Config.Entrypoint[0], "--namespace", r.namespace, "--lease", r.name, "--patience", patience.String()}
	if r.own {
		args = append(args, "--own")
	}
	meta := r.meta(name, nil)
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
					"name": "expiry", "image": img.reference, "imagePullPolicy": img.pull, "command": args,
					"securityContext": object{"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": object{"drop": []string{"ALL"}}},
				}},
			}},
		},
	}
}

// expiryStart bounds the wait for the Job's pod, so that its start does not disturb that of
// the first server.
const expiryStart = 5 * time.Second

func (c *cluster) awaitJob(ctx context.Context, namespace, name string) {
	for deadline := time.Now().Add(expiryStart); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(goneMost / 2) {
		var job struct{ Status struct{ Ready int } }
		if err := c.get(ctx, pathOf(jobs, namespace, name), nil, &job); err == nil && job.Status.Ready > 0 || isStatus(err, http.StatusForbidden) {
			return
		}
	}
}
