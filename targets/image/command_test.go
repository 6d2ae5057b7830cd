package image

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"servebench/targets"
	"servebench/targets/targettest/python"
)

// runIn opens the image of the workload and runs its process in the image's files, with
// further arguments, and returns what it printed.
func runIn(t *testing.T, w targets.Workload, args ...string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("to run a program in a root folder of its own needs root; run this test as root")
	}
	img, err := Open(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(img.notes)
	folder, err := img.Folder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := img.Process(t.Context(), w, "127.0.0.1", 8080)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), p.Path, append(p.Args[1:], args...)...)
	cmd.Args[0], cmd.Env, cmd.Dir = p.Args[0], p.Env, p.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: folder, Credential: &syscall.Credential{Uid: p.UID, Gid: p.GID, Groups: p.Groups}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", p.Args, err, out)
	}
	return string(out)
}

// project returns a folder outside of /tmp with a file in it.
func project(t *testing.T, name, content string) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "servebench-test-image-")
	if err != nil {
		t.Skipf("no folder outside of /tmp: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestScriptRunsInItsImage(t *testing.T) {
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	dir := project(t, "server.sh", "#!/bin/sh\nread line < model.txt && echo \"$line $HOST:$PORT $1 $HOME\"\n")
	if err := os.WriteFile(filepath.Join(dir, "model.txt"), []byte("the model\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	w := targets.Workload{Command: []string{filepath.Join(dir, "server.sh"), "--port={port}"}, Files: []string{filepath.Join(dir, "model.txt")}, Dir: dir}
	if got, want := runIn(t, w), "the model 127.0.0.1:8080 --port=8080 /\n"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

// TestPythonRunsInItsImage shows that all of an environment is there, and that nothing in
// it is compiled anew: there is nobody to keep it.
func TestPythonRunsInItsImage(t *testing.T) {
	environment := python.Environment(t, "serving")
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	const script = `
import ctypes, importlib, json, lzma, sqlite3, ssl, sys, zoneinfo
import fastapi, sklearn.linear_model, uvicorn

def stale(module):
    file, cached = getattr(module, "__file__", None) or "", getattr(module, "__cached__", None)
    if not file.endswith(".py") or not cached or "/lib/python" not in file:
        return False
    with open(cached, "rb") as compiled:
        return compiled.read(12)[8:] != b"\0\0\0\0"

print(sklearn.__version__, sys.prefix, len([m for m in list(sys.modules.values()) if stale(m)]))
`
	dir := project(t, "script.py", script)
	w := targets.Workload{Command: []string{filepath.Join(environment, "bin", "python"), "-B", "script.py"}, Files: []string{filepath.Join(dir, "script.py")}, Dir: dir}
	got := runIn(t, w)
	if !strings.HasSuffix(got, " "+environment+" 0\n") {
		t.Errorf("it says %q, want the environment %s and no module that was compiled anew", got, environment)
	}
}

// The image of a command is pinned for a run: its files are not looked at again, and another
// image of them is refused. A static executable is not pinned.
func TestCommandIsPinned(t *testing.T) {
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	dir := project(t, "server.sh", "#!/bin/sh\n")
	w := targets.Workload{Command: []string{filepath.Join(dir, "server.sh")}, Dir: dir}
	pinned, err := Resolve(t.Context(), w, t.Errorf)
	if err != nil || !strings.HasPrefix(pinned.ImageDigest, "sha256:") || pinned.Image != "" {
		t.Fatalf("resolved to %+v, %v", pinned, err)
	}
	if err := os.WriteFile(w.Command[0], []byte("#!/bin/sh\n# changed since\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if img, err := Open(t.Context(), pinned); err != nil || img.Digest != pinned.ImageDigest {
		t.Errorf("of files that changed: %v, want the image that was pinned", err)
	}
	if img, err := Open(t.Context(), w); err != nil || img.Digest == pinned.ImageDigest {
		t.Errorf("another run: %v, want the files as they are", err)
	}
	if _, err := Open(t.Context(), pinned); err == nil || !strings.Contains(err.Error(), "has changed since the run began") {
		t.Errorf("after another run with other files: %v, want that they changed", err)
	}
	if static, err := Resolve(t.Context(), targets.Workload{Command: []string{program(t, "server")}}, t.Errorf); err != nil || static.ImageDigest != "" {
		t.Errorf("a static executable: %+v, %v", static, err)
	}
}
