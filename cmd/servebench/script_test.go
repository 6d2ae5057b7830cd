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
	"time"

	"servebench/cmd/cli"
	"servebench/targets"
	"servebench/targets/targettest"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes this test binary serve as the commands of the scripts: servebench,
// a server for it, and what waits for interrupts.
func TestMain(m *testing.M) {
	testscript.Main(tidied{m}, map[string]func(){"servebench": main, "plainserver": plainServer, "scorer": scorer, "interruptible": interruptible})
}

// tidied removes after the tests what was built for all of them.
type tidied struct{ *testing.M }

// Run implements testscript.TestingM.
func (t tidied) Run() int {
	defer os.RemoveAll(programsFolder())
	return t.M.Run()
}

// TestScripts runs the command line as a user would: success, usage error and
// runtime error of each command.
func TestScripts(t *testing.T) {
	bin, lambda := buildPrograms(t, "refserver", "nullserver", "kubernetesexpiry"), buildPrograms(t, "locallambda", "lambdaadapter")
	vegeta := toolPath(t, "vegeta")
	cluster, noCluster := localCluster(t)
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
			env.Setenv("CLUSTER", cluster)
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
			case "kubernetes": // that of make kubernetes, whose folder is CLUSTER
				if noCluster != nil {
					t.Logf("kubernetes cannot run here: %v", noCluster)
				}
				return noCluster == nil, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"abandon": abandon,
			"agrees":  agrees,
			"cluster": holdCluster,
			"exits":   exits,
			"holds":   holds,
			"killed":  killed,
			"midrun":  midrun,
			"nowhere": nowhere,
			"plays":   plays,
			"text":    resolvedText,
			"serving": serving,
		},
	})
}

// localCluster is the folder of the cluster that make kubernetes starts on this machine.
func localCluster(t *testing.T) (folder string, unavailable error) {
	t.Helper()
	folder, err := targets.CacheDir("kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(targetKinds(), func(k targets.Kind) bool { return k.Name == "kubernetes" })
	return folder, targetKinds()[i].Available(t.Context(), nil)
}

// useCluster has the test use that cluster alone, since it measures, and returns its folder.
func useCluster(t *testing.T) string {
	t.Helper()
	folder, unavailable := localCluster(t)
	if unavailable != nil {
		t.Skipf("kubernetes cannot run here: %v", unavailable)
	}
	release, err := targettest.HoldCluster(targettest.Alone)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return folder
}

// holdCluster has the script use the cluster of make kubernetes: cluster together|alone. Its
// kubectl is "$CLUSTER/kube" kubectl.
func holdCluster(ts *testscript.TestScript, neg bool, args []string) {
	ways := map[string]int{"together": targettest.Together, "alone": targettest.Alone}
	if neg || len(args) != 1 || ways[args[0]] == 0 {
		ts.Fatalf("usage: cluster together|alone")
	}
	release, err := targettest.HoldCluster(ways[args[0]])
	ts.Check(err)
	ts.Defer(release)
	cluster, own := ts.Getenv("CLUSTER"), ts.Getenv("SERVEBENCH_CACHE")
	ts.Check(os.MkdirAll(own, 0o755))
	ts.Check(os.Symlink(cluster, filepath.Join(own, "kubernetes")))
	ts.Setenv("KUBECONFIG", filepath.Join(cluster, "kubeconfig"))
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
// INVALID without that being wanted is run again, up to 7 times: what disturbs it is mostly
// another test, which the growing pauses give the time to end. The code stays in the variable
// EXIT.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	wanted := strings.Split(args[0], "|")
	code := exitCode(ts, args[1:])
	for pause := time.Second; pause < 2*time.Minute && code == cli.Invalid && !slices.Contains(wanted, fmt.Sprint(cli.Invalid)); pause *= 2 {
		time.Sleep(pause)
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
