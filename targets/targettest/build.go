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
	return build(tb, "servebench/targets/targettest/testserver", fmt.Sprintf("testserver-%d", os.Getpid()))
}

// programVariable and a program's name is the variable that tells a victim
// where the process that started it built the program: what a victim builds,
// nobody would remove.
const programVariable = "TARGETTEST_PROGRAM_"

// Program builds one of servebench's programs, a package below cmd, as one
// static binary. It skips the test where there is no go command.
func Program(tb testing.TB, name string) string {
	tb.Helper()
	if isVictim() {
		return os.Getenv(programVariable + name)
	}
	path := build(tb, "servebench/cmd/"+name, name)
	if err := os.Setenv(programVariable+name, path); err != nil {
		tb.Fatal(err)
	}
	return path
}

func build(tb testing.TB, pkg, name string) string {
	tb.Helper()
	goTool, err := exec.LookPath("go")
	if err != nil {
		tb.Skipf("the go command is not in PATH, %s is built with it: %v", name, err)
	}
	path := filepath.Join(tb.TempDir(), name)
	cmd := exec.CommandContext(tb.Context(), goTool, "build", "-trimpath", "-ldflags=-s -w", "-o", path, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("build %s: %v\n%s", name, err, out)
	}
	return path
}
