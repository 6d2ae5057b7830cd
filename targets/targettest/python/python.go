// Package python gives tests the clients and servers for Python that others wrote:
// tritonclient, KServe, MLflow, boto3, FastAPI, MLServer, in the exact versions of
// .setup/serving.txt and .setup/mlserver.txt. A test that needs one where "make python" has
// not installed it is skipped, and says so.
package python

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience is how long a script may take. Most of it goes into imports, which a busy
// machine makes slow.
const patience = 3 * time.Minute

// Environment returns the folder of a virtual environment, serving or mlserver, whose
// programs are in bin. It skips the test where the environment is not installed, and in
// short mode.
func Environment(tb testing.TB, name string) string {
	tb.Helper()
	if testing.Short() {
		tb.Skip("runs clients and servers for Python; run without -short")
	}
	return Installed(tb, "python", "--find", name)
}

// Installed runs a script of .setup that looks for what tests need, and returns the path
// that it prints. It skips the test where the script says that it is not installed.
func Installed(tb testing.TB, script string, args ...string) string {
	tb.Helper()
	var stderr strings.Builder
	find := exec.CommandContext(tb.Context(), filepath.Join(root(tb), ".setup", script), args...)
	find.Stderr = &stderr
	path, err := find.Output()
	if err != nil {
		tb.Skip(strings.TrimSpace(strings.TrimPrefix(stderr.String(), "setup: ")))
	}
	return strings.TrimSpace(string(path))
}

// Run runs a script of the environment "serving" with its arguments. It fails the test
// with the script's output unless the script succeeds and its last line is "all checks
// passed".
func Run(t *testing.T, script string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(Environment(t, "serving"), "bin", "python"), append([]string{script}, args...)...)
	cmd.Env = append(os.Environ(), Settings()...)
	cmd.Env = append(cmd.Env, "HOME="+t.TempDir())
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "all checks passed") {
		t.Errorf("%s: %v\n%s", script, err, out)
	}
}

// Settings are the variables that keep a client or server to one thread, and to
// loopback addresses: no telemetry, no proxy, no look for credentials.
func Settings() []string {
	return []string{
		"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1",
		"MLFLOW_DISABLE_TELEMETRY=true", "DO_NOT_TRACK=true", "OTEL_SDK_DISABLED=true",
		"NO_PROXY=*", "no_proxy=*",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
	}
}

// root returns the folder of go.mod.
func root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			tb.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}
