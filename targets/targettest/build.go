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

// Program builds one of servebench's programs, a package below cmd, as one
// static binary. It skips the test where there is no go command. A target that
// needs the program for Run gets it with the testing.T that Run has.
func Program(tb testing.TB, name string) string {
	tb.Helper()
	if isVictim() {
		return built(tb, name)
	}
	return build(tb, "servebench/cmd/"+name, name)
}

// built finds a program that the process built which started this one, a
// victim: what that built itself, nobody would remove.
func built(tb testing.TB, name string) string {
	tb.Helper()
	folders := filepath.Dir(filepath.Dir(os.Getenv(victimServer))) // of the test's temporary files
	found, err := filepath.Glob(filepath.Join(folders, "*", name))
	if err != nil || len(found) != 1 {
		tb.Fatalf("find %s in %s: %q, %v; it has to be built with the testing.T that Run has", name, folders, found, err)
	}
	return found[0]
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
