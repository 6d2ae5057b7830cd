package kubernetes_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/targettest"

	"github.com/google/go-containerregistry/pkg/registry"
)

// namespace makes a namespace for the test.
func namespace(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("servebench-test-%08x", rand.Uint32())
	ctl(t, "create", "namespace", name)
	t.Cleanup(func() { ctl(t, "delete", "namespace", name, "--wait=false") })
	return name
}

// apply makes objects.
func apply(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "objects.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctl(t, "apply", "-f", file)
}

// account makes a service account with the rights of a Role, and has KUBECONFIG name a
// context "limited" of it.
func account(t *testing.T, namespace, rules string) {
	t.Helper()
	ctl(t, "-n", namespace, "create", "serviceaccount", "limited")
	apply(t, `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: limited, namespace: `+namespace+`}
rules: [`+rules+`]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: limited, namespace: `+namespace+`}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: limited}
subjects: [{kind: ServiceAccount, name: limited, namespace: `+namespace+`}]
`)
	token := strings.TrimSpace(ctl(t, "-n", namespace, "create", "token", "limited"))
	get := func(what string) string { return ctl(t, "config", "view", "--raw", "-o", "jsonpath={"+what+"}") }
	kubeconfig(t, `
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "`+get(".clusters[0].cluster.server")+`", certificate-authority-data: `+get(".clusters[0].cluster.certificate-authority-data")+`}}]
users: [{name: u, user: {token: `+token+`}}]
contexts: [{name: limited, context: {cluster: c, user: u}}]
`)
}

func kubeconfig(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", file)
}

// fails deploys, which has to fail within the time with an error that says all the words.
func fails(t *testing.T, options map[string]string, w targets.Workload, within time.Duration, words ...string) {
	t.Helper()
	target := open(t, options)
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	d, err := target.Deploy(ctx, w)
	if err == nil {
		d.Close(t.Context())
		t.Fatalf("Deploy succeeded, want an error that says %q", words)
	}
	t.Log(err)
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %v\ndoes not say %q", err, word)
		}
	}
	if err := target.Close(t.Context()); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestKubernetesStartsThatFail(t *testing.T) {
	t.Parallel() // it mostly waits
	useCluster(t)
	w := targets.Workload{Command: []string{targettest.Build(t)}, Ready: "/ready", Limits: targets.Limits{CPUs: 0.1}}
	t.Run("too big", func(t *testing.T) {
		t.Parallel()
		w := w
		w.Limits.CPUs = 512
		fails(t, nil, w, time.Minute, "FailedScheduling", "Insufficient cpu")
	})
	t.Run("image that cannot be pulled", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(registry.New())
		defer server.Close()
		// The node's loopback is not this machine's.
		fails(t, map[string]string{"registry": strings.TrimPrefix(server.URL, "http://") + "/bench"}, w, time.Minute, "the node cannot get the image", "connection refused")
	})
	t.Run("quota", func(t *testing.T) {
		t.Parallel()
		name := namespace(t)
		apply(t, `{apiVersion: v1, kind: ResourceQuota, metadata: {name: small, namespace: `+name+`}, spec: {hard: {limits.cpu: 50m}}}`)
		fails(t, map[string]string{"namespace": name}, w, time.Minute, "FailedCreate", "exceeded quota: small", "lower limits.cpus, or")
	})
	t.Run("quota that a limit is missing for", func(t *testing.T) {
		t.Parallel()
		name := namespace(t)
		apply(t, `{apiVersion: v1, kind: ResourceQuota, metadata: {name: q, namespace: `+name+`}, spec: {hard: {limits.memory: 1Gi}}}`)
		fails(t, map[string]string{"namespace": name}, w, time.Minute, "must specify limits.memory", "set limits.memory in the scenario")
	})
}

// What is refused before anything starts.
func TestKubernetesRefused(t *testing.T) {
	useCluster(t)
	w := targets.Workload{Command: []string{targettest.Build(t)}, Ready: "/ready", Limits: targets.Limits{CPUs: 0.1}}
	t.Run("namespace that is being removed", func(t *testing.T) {
		name := namespace(t)
		apply(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: held, namespace: `+name+`, finalizers: [servebench.test/held]}}`)
		ctl(t, "delete", "namespace", name, "--wait=false")
		defer ctl(t, "-n", name, "patch", "configmap", "held", "--type=merge", "-p", `{"metadata":{"finalizers":null}}`)
		fails(t, map[string]string{"namespace": name}, w, time.Minute, name, "being removed")
	})
	t.Run("namespace that is not there", func(t *testing.T) {
		fails(t, map[string]string{"namespace": "no-such-namespace"}, w, time.Minute, "no-such-namespace", "not found")
	})
	t.Run("no rights", func(t *testing.T) {
		name := namespace(t)
		account(t, name, `{apiGroups: [""], resources: [pods], verbs: [list]}`)
		options := map[string]string{"context": "limited", "namespace": name}
		err := kind(t).Check(t.Context(), options)
		for _, word := range []string{"context limited may not", "create deployments", "create services"} {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("Check: %v, which does not say %q", err, word)
			}
		}
		if err != nil && strings.Contains(err.Error(), "list pods") {
			t.Errorf("Check: %v, which says of a right that there is not", err)
		}
		fails(t, options, w, time.Minute, "has no right", "leases")
	})
	t.Run("API server that is down", func(t *testing.T) {
		kubeconfig(t, `
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: x}}]
contexts: [{name: down, context: {cluster: c, user: u}}]
`)
		options := map[string]string{"context": "down"}
		if err := kind(t).Check(t.Context(), options); err == nil || !strings.Contains(err.Error(), "cannot be reached: connection refused") {
			t.Errorf("Check: %v", err)
		}
		fails(t, options, w, time.Minute, "https://127.0.0.1:1 cannot be reached")
	})
	t.Run("context that is not there", func(t *testing.T) {
		err := kind(t).Check(t.Context(), map[string]string{"context": "elsewhere"})
		if err == nil || !strings.Contains(err.Error(), `has a context "elsewhere"; there are: servebench`) {
			t.Errorf("Check: %v", err)
		}
	})
}

// A user with rights in one namespace alone can deploy there; nothing is left, and nothing of
// others is touched.
func TestKubernetesGivenNamespace(t *testing.T) {
	useCluster(t)
	name := namespace(t)
	apply(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: theirs, namespace: `+name+`}}`)
	account(t, name, `
  {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [create, get, patch, delete]},
  {apiGroups: [apps], resources: [deployments], verbs: [create, delete]},
  {apiGroups: [apps], resources: [replicasets], verbs: [deletecollection]},
  {apiGroups: [""], resources: [services], verbs: [create, delete]},
  {apiGroups: [""], resources: [events], verbs: [watch]},
  {apiGroups: [""], resources: [pods], verbs: [list, watch, deletecollection]},
  {apiGroups: [""], resources: [pods/log], verbs: [get]}`)
	options := map[string]string{"context": "limited", "namespace": name}
	if err := kind(t).Check(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	target := open(t, options)
	d := deploy(t, target, targets.Workload{Command: []string{targettest.Build(t)}, Ready: "/ready", Limits: targets.Limits{CPUs: 0.1}})
	if err := d.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := target.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if left := ctl(t, "-n", name, "get", "all,leases,configmaps,serviceaccounts,roles,rolebindings", "-l", "servebench/run", "-o", "name"); left != "" && !strings.Contains(left, "No resources") {
		t.Errorf("left behind: %s", left)
	}
	ctl(t, "-n", name, "get", "configmap", "theirs")
}

// Somebody deletes the run's namespace: the deployment is over, whether it would survive the
// loss of a replica or not, and says so.
func TestKubernetesNamespaceDeleted(t *testing.T) {
	t.Parallel() // it mostly waits
	useCluster(t)
	for name, restart := range map[string]bool{"a server that is not replaced": false, "a server that is replaced": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := open(t, nil)
			d := deploy(t, target, targets.Workload{
				Command: []string{targettest.Build(t)}, Ready: "/ready", Limits: targets.Limits{CPUs: 0.1}, Restart: restart,
			})
			defer d.Close(t.Context())
			at := slices.IndexFunc(d.Facts, func(f record.Fact) bool { return f.Name == "namespace" })
			namespace, _, _ := strings.Cut(d.Facts[at].Value, ",")
			ctl(t, "delete", "namespace", namespace, "--wait=false")
			select {
			case <-d.Done():
			case <-time.After(time.Minute):
				t.Fatal("the deployment goes on without its namespace")
			}
			gone, is := errors.AsType[*targets.Evicted](d.Err())
			if !is || !gone.Removed || !strings.Contains(d.Err().Error(), "the namespace "+namespace+" was deleted by somebody else") {
				t.Errorf("%v, want that the namespace was deleted", d.Err())
			}
		})
	}
}

// A run that finds no CPU time left is told which other run of servebench has it.
func TestKubernetesOtherRun(t *testing.T) {
	useClusterAlone(t)
	w := targets.Workload{Command: []string{targettest.Build(t)}, Ready: "/ready", Limits: targets.Limits{CPUs: 0.6}}
	d := deploy(t, open(t, nil), w)
	defer d.Close(t.Context())
	at := slices.IndexFunc(d.Facts, func(f record.Fact) bool { return f.Name == "namespace" })
	first, _, _ := strings.Cut(d.Facts[at].Value, ",")
	fails(t, nil, w, time.Minute, "Insufficient cpu", "servebench has other runs on the cluster: "+first+", whose pods ask for 0.6 CPU")
}
