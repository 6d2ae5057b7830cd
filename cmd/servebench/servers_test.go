package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/targets/targettest/python"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestServers drives model servers that others wrote, as their users would: a script
// trains a model, starts the server by a scenario, and compares what the report says with
// what Python says of the same rows. The programs of the Python environments are in
// $SERVING and $MLSERVER, and the Python files beside the scripts are in their folder.
func TestServers(t *testing.T) {
	newest, mlserver := python.Environment(t, "serving"), python.Environment(t, "mlserver")
	files := os.DirFS(filepath.Join("testdata", "servers"))
	scripts, err := filepath.Glob(filepath.Join("testdata", "servers", "*.txtar"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, script := range scripts { // one after the other: each measures
		t.Run(strings.TrimSuffix(filepath.Base(script), ".txtar"), func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Files:               []string{script},
				RequireExplicitExec: true,
				Setup: func(env *testscript.Env) error {
					env.Setenv("SERVING", filepath.Join(newest, "bin"))
					env.Setenv("MLSERVER", filepath.Join(mlserver, "bin"))
					env.Setenv("SERVEBENCH_CACHE", filepath.Join(env.WorkDir, ".cache"))
					env.Setenv("TMPDIR", filepath.Join(env.WorkDir, ".tmp"))
					env.Vars = append(env.Vars, python.Settings()...)
					return os.CopyFS(env.WorkDir, files)
				},
				Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "holds": holds, "serving": serving},
			})
		})
	}
}
