package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"servebench/targets/targettest/artifact"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestArtifact runs one image on every target that can run here, by one scenario and the
// programs that make build makes, and holds the report to what the model says offline. The
// image is $IMAGE, what it is made of lies in $PROJECT, and rows.csv beside the script has
// the model's answers.
func TestArtifact(t *testing.T) {
	artifact.Cache(t)
	server := artifact.FastAPI(t)
	bin := t.TempDir()
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin, "servebench/cmd/servebench", "servebench/cmd/locallambda", "servebench/cmd/lambdaadapter", "servebench/cmd/guestinit")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the programs: %v\n%s", err, out)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "artifact"),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("SERVEBENCH_CACHE", os.Getenv("SERVEBENCH_CACHE"))
			env.Setenv("TMPDIR", filepath.Join(env.WorkDir, ".tmp"))
			env.Setenv("IMAGE", server.Image)
			env.Setenv("PROJECT", filepath.Dir(server.Image))
			rows, err := os.ReadFile(server.Data)
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(env.WorkDir, "rows.csv"), rows, 0o644)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "holds": holds, "agree": agree},
	})
}

// agree reads a report of a run with so many requests to each target, and wants all of
// them answered as expected and each cold start in its stages, on all of the targets but
// those that cannot run here: agree FILE REQUESTS TARGET...
func agree(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: agree FILE REQUESTS TARGET...")
	}
	type share struct{ K, N int }
	var report struct {
		Targets []struct {
			Target                string
			Scheduled, OK, Failed int
			Agreement             *share
		}
		Unavailable []struct{ Target, Why string }
		Deployments []struct {
			Target    string
			ColdStart *struct {
				N      int
				Stages []struct{ Name string }
			} `json:"cold_start"`
		}
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &report))
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var seen []string
	for _, target := range report.Targets {
		seen = append(seen, target.Target)
		if target.Scheduled != n || target.OK != n || target.Failed != 0 || target.Agreement == nil || *target.Agreement != (share{n, n}) {
			ts.Fatalf("%+v: want %d requests, each answered as expected", target, n)
		}
	}
	for _, d := range report.Deployments {
		var stages []string
		if d.ColdStart != nil {
			for _, stage := range d.ColdStart.Stages {
				stages = append(stages, stage.Name)
			}
		}
		if want := []string{"started", "listening", "ready", "first answer"}; !slices.Equal(stages, want) {
			ts.Fatalf("%s: the stages of a cold start are %q, want %q", d.Target, stages, want)
		}
	}
	for _, target := range report.Unavailable {
		ts.Logf("%s cannot run here: %s", target.Target, target.Why)
		seen = append(seen, target.Target)
	}
	slices.Sort(seen)
	if want := slices.Sorted(slices.Values(args[2:])); len(report.Targets) == 0 || !slices.Equal(seen, want) {
		ts.Fatalf("the report is of %s, want %s", strings.Join(seen, ", "), strings.Join(want, ", "))
	}
}
