package kubernetes_test

import (
	"net/http"
	"strings"
	"testing"

	"servebench/targets"
	"servebench/targets/targettest"
	"servebench/targets/targettest/artifact"
)

// A user's own servers run here as on every other target, unchanged.
func TestKubernetesArtifacts(t *testing.T) {
	t.Parallel() // to make the images takes longer than what they are made for
	useCluster(t)
	suite := targettest.Suite{Kind: kind(t)}
	t.Run("FastAPI", func(t *testing.T) {
		t.Parallel()
		targettest.Serve(t, suite, artifact.FastAPI(t))
	})
	t.Run("static", func(t *testing.T) {
		t.Parallel()
		targettest.Serve(t, suite, artifact.Static(t, targettest.Build(t)))
	})
}

// client asks a deployment.
func client(t *testing.T, d *targets.Deployment) *http.Client {
	transport := d.Endpoint.PlainTransport(false)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// Every path leads to the server, and is said; the tunnel is marked.
func TestKubernetesPaths(t *testing.T) {
	t.Parallel() // it mostly waits
	useCluster(t)
	w := targets.Workload{Command: []string{targettest.Build(t)}, Ready: "/ready", Limits: targets.Limits{CPUs: 0.1}}
	for path, want := range map[string]string{
		"auto": "the node's port ", "nodeport": "the node's port ", "pod": "the pod's address ", "port-forward": "a tunnel through the API server",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			target := open(t, map[string]string{"path": path})
			d := deploy(t, target, w)
			defer target.Close(t.Context())
			defer d.Close(t.Context())
			for _, fact := range d.Facts {
				if fact.Name == "path of the load" && (!strings.HasPrefix(fact.Value, want) || fact.Unequal != (path == "port-forward")) {
					t.Errorf("fact %+v, want %q", fact, want)
				}
			}
			if err := targets.CheckReady(t.Context(), client(t, d), d.Endpoint.URL, "/ready", targets.Credentials{}, false); err != nil {
				t.Errorf("%s: %v", d.Endpoint.URL, err)
			}
		})
	}
}
