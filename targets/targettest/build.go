package targettest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Build builds the test server as one static binary, which every target can
// run, under a name that no other process has. It skips the test where there
// is no go command.
func Build(tb testing.TB) string {
	tb.Helper()
	goTool, err := exec.LookPath("go")
	if err != nil {
		tb.Skipf("the go command is not in PATH, the test server is built with it: %v", err)
	}
	server := filepath.Join(tb.TempDir(), fmt.Sprintf("testserver-%d", os.Getpid()))
	cmd := exec.CommandContext(tb.Context(), goTool, "build", "-trimpath", "-ldflags=-s -w", "-o", server, "servebench/targets/targettest/testserver")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("build the test server: %v\n%s", err, out)
	}
	return server
}
