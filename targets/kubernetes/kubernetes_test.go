package kubernetes_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/kubernetes"
	"servebench/targets/targettest"
)

// kind is the target with the program that runs in the cluster.
func kind(tb testing.TB) targets.Kind {
	return kubernetes.Kind(kubernetes.Programs{
		Expiry: sync.OnceValues(func() (string, error) { return targettest.Program(tb, "kubernetesexpiry"), nil }),
		Load:   sync.OnceValues(func() ([]string, error) { return []string{targettest.Program(tb, "servebench"), "load"}, nil }),
	})
}

func TestMain(m *testing.M) { os.Exit(targettest.Main(m)) }

// useCluster has the test share the machine's local cluster with others.
func useCluster(t *testing.T) {
	t.Helper()
	hold(t, targettest.Together)
}

// useClusterAlone has it use that alone, since it drains the node or breaks it otherwise.
func useClusterAlone(t *testing.T) {
	t.Helper()
	hold(t, targettest.Alone)
}

func hold(t *testing.T, way int) {
	t.Helper()
	if err := kind(t).Check(t.Context(), nil); err != nil {
		t.Skipf("kubernetes cannot run here: %v", err)
	}
	release, err := targettest.HoldCluster(way)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
}

// ctl asks the cluster by kubectl, and returns what it says.
func ctl(t testing.TB, args ...string) string {
	t.Helper()
	folder, err := targets.CacheDir("kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(t.Context()), time.Minute, errors.New("no answer within a minute"))
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(folder, "kube"), append([]string{"kubectl"}, args...)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(folder, "kubeconfig"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), cmp.Or(context.Cause(ctx), err), out)
	}
	return string(out)
}

// deployTime bounds a deployment of a test; it is no expectation.
const deployTime = 2 * time.Minute

// deploy deploys, or ends the test.
func deploy(t testing.TB, target targets.Target, w targets.Workload) *targets.Deployment {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), deployTime, fmt.Errorf("not deployed within %s", deployTime))
	defer cancel()
	d, err := target.Deploy(ctx, w)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// namespaceOf is the namespace that a deployment is in, as it says.
func namespaceOf(t testing.TB, d *targets.Deployment) string {
	t.Helper()
	for _, fact := range d.Facts {
		if name, _, _ := strings.Cut(fact.Value, ","); fact.Name == "namespace" {
			return name
		}
	}
	t.Fatalf("no fact says the namespace: %+v", d.Facts)
	return ""
}

func TestKubernetesConformance(t *testing.T) {
	useCluster(t)
	targettest.Run(t, targettest.Suite{
		Kind: kind(t), OwnPort: true, Shares: true, Parallel: 4,
		Stages: []string{"created", "scheduled", targets.Started, targets.Listening, targets.Ready},
		Leftovers: func(_ context.Context, pid int) ([]string, error) {
			return strings.Fields(ctl(t, "get", "namespaces", "-l", "servebench/run", "-o",
				fmt.Sprintf(`go-template={{range .items}}{{if eq (slice (index .metadata.labels "servebench/maker") 0 %d) "%d-"}}{{.metadata.name}} {{end}}{{end}}`, len(fmt.Sprint(pid))+1, pid))), nil
		},
	})
}

func BenchmarkDeploy(b *testing.B) {
	targettest.Benchmark(b, targettest.Suite{Kind: kind(b)})
}
