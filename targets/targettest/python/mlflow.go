package python

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"servebench/targets"
)

// StartMLflow starts a tracking server that serves artifacts, until the test ends, and returns its
// URL. It skips the test as Environment does.
func StartMLflow(t *testing.T) string {
	t.Helper()
	bin, home := filepath.Join(Environment(t, "serving"), "bin", "python"), t.TempDir()
	port, err := targets.FreePort(targets.Loopback)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, "-m", "mlflow", "server", "--host", targets.Loopback, "--port", fmt.Sprint(port), "--workers", "1",
		"--backend-store-uri", "sqlite:///"+home+"/mlflow.db", "--artifacts-destination", home+"/artifacts")
	cmd.Env = append(os.Environ(), Settings()...)
	cmd.Env = append(cmd.Env, "HOME="+home, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its workers end with it
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // it is killed below
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-done
	})
	url := "http://" + targets.Address(targets.Loopback, port)
	const patience = 8 * time.Minute // for its imports and the tables of its database, on a busy machine
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := (targets.Probe{URL: url, Path: "/health", Began: began, Done: done}).Wait(ctx); err != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-done
		t.Fatalf("MLflow does not start: %v\n%s", err, output.String())
	}
	return url
}
