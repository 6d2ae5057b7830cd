package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestSetup runs the scripts of .setup on made up machines: PATH holds the fakes of
// testdata/setup/fake, what was "installed", and the few tools that every system
// has.
func TestSetup(t *testing.T) {
	setup, err := filepath.Abs("../../.setup")
	if err != nil {
		t.Fatal(err)
	}
	tools := usualTools(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "setup"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("SETUP", filepath.Join(setup, "install"))
			env.Setenv("SETUP_PYTHON", filepath.Join(setup, "python"))
			env.Setenv("SETUP_NODE", filepath.Join(setup, "node"))
			env.Setenv("SETUP_KUBERNETES", filepath.Join(setup, "kubernetes"))
			env.Setenv("TMPDIR", filepath.Join(env.WorkDir, ".tmp"))
			env.Setenv("SERVEBENCH_CACHE", "cache") // whose path is in what is said
			installed := filepath.Join(env.WorkDir, "installed")
			fake := filepath.Join(env.WorkDir, "fake")
			env.Setenv("PATH", fake+":"+installed+":"+tools)
			version := "#!/bin/bash\necho \"${0##*/} of a test\"\n"
			if err := os.Mkdir(installed, 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(installed, "version"), []byte(version), 0o755); err != nil {
				return err
			}
			return os.CopyFS(fake, os.DirFS(filepath.Join("testdata", "setup", "fake")))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"installed": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 1 {
					ts.Fatalf("usage: installed PROGRAM")
				}
				ts.Check(os.Symlink("version", ts.MkAbs(filepath.Join("installed", args[0]))))
			},
		},
	})
}

// usualTools returns a folder that holds what setup takes for granted.
func usualTools(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{
		"bash", "cat", "cp", "cut", "dirname", "env", "find", "flock", "grep", "head", "ln", "ls", "mkdir", "mktemp", "mv", "paste", "rm",
		"sed", "sha256sum", "sleep", "tail", "timeout", "touch", "true",
	} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("setup needs %s, which is not in PATH; it is there on Debian and Ubuntu", name)
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
