package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes this test binary serve as the commands of the scripts: servebench,
// a server for it, and what waits for interrupts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"servebench": main, "plainserver": plainServer, "scorer": scorer, "interruptible": interruptible})
}

// TestScripts runs the command line as a user would: success, usage error and
// runtime error of each command.
func TestScripts(t *testing.T) {
	bin, lambda := buildPrograms(t, "refserver", "nullserver"), buildPrograms(t, "locallambda", "lambdaadapter")
	vegeta := toolPath(t, "vegeta")
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			own, rest, _ := strings.Cut(env.Getenv("PATH"), string(os.PathListSeparator))
			bare := bin + string(os.PathListSeparator) + own // servebench and the servers, and nothing else
			env.Setenv("BARE_PATH", bare)
			env.Setenv("PATH", bare+string(os.PathListSeparator)+rest)
			env.Setenv("LAMBDA_PATH", lambda+string(os.PathListSeparator)+env.Getenv("PATH")) // where there is Lambda as well
			env.Setenv("VEGETA", vegeta)
			env.Setenv("SERVEBENCH_CACHE", env.Getenv("WORK")+"/.cache")
			env.Setenv("TMPDIR", env.Getenv("WORK")+"/.tmp")
			return nil
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "root":
				return os.Geteuid() == 0, nil
			case "docker": // an engine, and the command that builds
				return exec.Command("docker", "info").Run() == nil, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"abandon": abandon,
			"agrees":  agrees,
			"exits":   exits,
			"holds":   holds,
			"killed":  killed,
			"midrun":  midrun,
			"nowhere": nowhere,
			"text":    resolvedText,
			"serving": serving,
		},
	})
}

// buildPrograms builds some of servebench's programs into a folder, which it returns.
func buildPrograms(t *testing.T, names ...string) string {
	t.Helper()
	bin := t.TempDir()
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin)
	for _, name := range names {
		build.Args = append(build.Args, "servebench/cmd/"+name)
	}
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %v: %v\n%s", names, err, out)
	}
	return bin
}

// toolPath returns the executable of a tool that go.mod pins.
func toolPath(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "tool", "-n", name).Output()
	if err != nil {
		t.Fatalf("go tool -n %s: %v", name, err)
	}
	return string(bytes.TrimSpace(out))
}

// exits runs a command and wants one of the given exit codes: exits 64
// servebench run x, or exits 0|12 where a busy machine may make the run INVALID. One that is
// INVALID without that being wanted is run again, up to twice, as the workflows of init do.
// The code stays in the variable EXIT.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	wanted := strings.Split(args[0], "|")
	code := exitCode(ts, args[1:])
	for again := 0; again < 2 && code == exitInvalid && !slices.Contains(wanted, fmt.Sprint(exitInvalid)); again++ {
		code = exitCode(ts, args[1:])
	}
	ts.Setenv("EXIT", fmt.Sprint(code))
	if !slices.Contains(wanted, fmt.Sprint(code)) {
		ts.Fatalf("%v exits %d, want %s", args[1:], code, args[0])
	}
}

func exitCode(ts *testscript.TestScript, command []string) int {
	err := ts.Exec(command[0], command[1:]...)
	if exit, failed := errors.AsType[*exec.ExitError](err); failed {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

// TestPathsAreMarked holds every option of a target that is the path of a file to be
// marked as one, so that it is relative to what all other paths are.
func TestPathsAreMarked(t *testing.T) {
	marked := 0
	for _, kind := range targetKinds() {
		for _, o := range kind.Options {
			doc := strings.ToLower(o.Doc)
			says := strings.Contains(doc, "path of") || strings.Contains(doc, "file with") || strings.Contains(doc, "folder")
			if says != o.Path {
				t.Errorf("%s.%s is a path: %t, and its text says %q", kind.Name, o.Name, o.Path, o.Doc)
			}
			if o.Path {
				marked++
			}
		}
	}
	if marked < 3 {
		t.Errorf("%d options are paths, want at least endpoint.ca_file, endpoint.socket and vm.kernel", marked)
	}
}
