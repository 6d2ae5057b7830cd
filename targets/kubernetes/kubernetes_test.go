package kubernetes_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"servebench/targets"
	"servebench/targets/kubernetes"
	"servebench/targets/targettest"
)

// kind is the target with the program that runs in the cluster.
func kind(tb testing.TB) targets.Kind {
	return kubernetes.Kind(sync.OnceValues(func() (string, error) { return targettest.Program(tb, "kubernetesexpiry"), nil }))
}

// useCluster gives the test a cache of its own that knows the machine's local cluster.
func useCluster(t *testing.T) {
	t.Helper()
	if err := kind(t).Check(t.Context(), nil); err != nil {
		t.Skipf("kubernetes cannot run here: %v", err)
	}
	if os.Getenv("SERVEBENCH_CACHE") != "" {
		return // the caller's choice, or that of the test whose process this is
	}
	cluster, err := targets.CacheDir("kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	own := t.TempDir()
	if err := os.Symlink(cluster, filepath.Join(own, "kubernetes")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SERVEBENCH_CACHE", own)
}

// ctl asks the cluster by kubectl, and returns what it says.
func ctl(t *testing.T, args ...string) string {
	t.Helper()
	folder, err := targets.CacheDir("kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(folder, "kube"), append([]string{"kubectl"}, args...)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(folder, "kubeconfig"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestKubernetesConformance(t *testing.T) {
	useCluster(t)
	targettest.Run(t, targettest.Suite{
		Kind: kind(t), OwnPort: true, Parallel: 3,
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
