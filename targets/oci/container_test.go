package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/local"
	"servebench/targets/targettest"
)

// here returns the runtime of this machine, or skips the test.
func here(t testing.TB) Runtime {
	t.Helper()
	path, unavailable := FindRuntime()
	if unavailable != nil {
		t.Skipf("no container can be run without an engine: %v", unavailable)
	}
	runtime, err := Ask(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return runtime
}

// unpacked unpacks an image of the test server.
func unpacked(t testing.TB, dir string) (*Root, targets.Workload) {
	t.Helper()
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	w := targets.Workload{Command: []string{targettest.Build(t)}, Ready: "/ready"}
	img, err := image.Open(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	root, err := NewRoot(t.Context(), img, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return root, w
}

// server is a container with the test server in it.
type server struct {
	*Container
	url string
}

// start starts a container of the root and waits until its server is ready.
func start(t testing.TB, runtime Runtime, root *Root, w targets.Workload, adjust ...func(*Command)) server {
	t.Helper()
	port, err := targets.FreePort(targets.Loopback)
	if err != nil {
		t.Fatal(err)
	}
	img, err := image.Open(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	process, err := img.Process(t.Context(), w, targets.Loopback, port)
	if err != nil {
		t.Fatal(err)
	}
	group, err := local.NewLimited(w.Limits)
	if err != nil {
		t.Logf("no cgroup: %v", err)
	}
	command := Command{Process: process, CPUs: w.CPUSet, Memory: w.Limits.Memory, Cgroup: group}
	for _, a := range adjust {
		a(&command)
	}
	c, err := root.Start(runtime, command)
	if err != nil {
		t.Fatal(err)
	}
	s := server{c, "http://" + targets.Address(targets.Loopback, port)}
	probe := targets.Probe{URL: s.url, Path: w.Ready, Began: c.Began, Done: c.Done()}
	if _, err := probe.Wait(t.Context()); err != nil {
		t.Fatal(errors.Join(c.Judge(err, c.PID(), port), c.Remove()))
	}
	// The runtime says which process it is once that runs.
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if _, _, ok := c.Server(); ok {
			break
		}
	}
	return s
}

// report is what the server says about its surroundings.
type report struct {
	Env      []string
	Writable bool
}

// environment asks the server for its own.
func (s server) environment(t *testing.T) []string { return s.report(t).Env }

func (s server) report(t *testing.T) (report report) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(s.url + "/report?write=1")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&report); err != nil {
		t.Fatal(err)
	}
	return report
}

func TestContainersShareARoot(t *testing.T) {
	runtime := here(t)
	dir := t.TempDir()
	root, w := unpacked(t, dir)
	var servers []server
	for _, name := range []string{"NAME=one", "NAME=two"} {
		w.Env = []string{name}
		s := start(t, runtime, root, w)
		defer s.Remove()
		servers = append(servers, s)
		if env := s.environment(t); !slices.Contains(env, name) {
			t.Errorf("environment %q lacks %s", env, name)
		}
	}
	if pid, since, ok := servers[0].Server(); !ok || pid == servers[0].PID() || since.Before(servers[0].Began) {
		t.Errorf("server: process %d since %s, %t", pid, since, ok)
	}
	if err := servers[0].Remove(); err != nil {
		t.Error(err)
	}
	if env := servers[1].environment(t); !slices.Contains(env, "NAME=two") {
		t.Errorf("the other server's environment is %q", env)
	}
	if entries, err := os.ReadDir(root.dir); err != nil || len(entries) != 4 { // over, rootfs, state, the other's bundle
		t.Errorf("the folder holds %v, %v", entries, err)
	}
	if err := errors.Join(servers[1].Remove(), root.Remove()); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// A server that does not hear SIGTERM, and its children, go with the container.
func TestRemoveTakesTheDeafAlong(t *testing.T) {
	runtime := here(t)
	root, w := unpacked(t, t.TempDir())
	w.Env = []string{"TEST_TERM=ignore"}
	s := start(t, runtime, root, w)
	pid, _, ok := s.Server()
	if err := s.Remove(); err != nil {
		t.Error(err)
	}
	// Whoever waits for orphans may not have waited for it yet.
	if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)); !ok || err == nil && !strings.Contains(string(status), "State:\tZ") {
		t.Errorf("process %d, known %t, is still there: %s", pid, ok, status)
	}
	if err := root.Remove(); err != nil {
		t.Error(err)
	}
}

// A runtime that cannot be started leaves nothing but the root folder.
func TestStartThatFailsLeavesNothing(t *testing.T) {
	root, w := unpacked(t, t.TempDir())
	group, err := local.NewLimited(w.Limits)
	if err != nil {
		t.Skipf("no cgroup can be made, which this test is about: %v; run as root", err)
	}
	_, err = root.Start(Runtime{path: "/no/such/runtime"}, Command{Process: image.Process{Args: []string{"/bin/server"}}, Cgroup: group})
	if err == nil || !strings.Contains(err.Error(), "/no/such/runtime") {
		t.Errorf("Start: %v, want an error that names the runtime", err)
	}
	for _, pattern := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/*"} {
		if left, err := filepath.Glob(pattern + group.Path()); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
	if entries, err := os.ReadDir(root.dir); err != nil || len(entries) != 2 { // over, rootfs
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func TestNewRootThatFailsLeavesNothing(t *testing.T) {
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	img, err := image.Open(t.Context(), targets.Workload{Command: []string{targettest.Build(t)}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := NewRoot(ended, img, dir, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("NewRoot: %v, want that it was cancelled", err)
	}
	if _, err := NewRoot(t.Context(), img, dir, map[string]string{"/adapter": "/no/such/adapter"}); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "/no/such/adapter") {
		t.Errorf("NewRoot: %v, want an error that names the program", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// What a container writes is its own and goes with it, and one that is not to write cannot.
func TestContainersWriteApart(t *testing.T) {
	runtime := here(t)
	_, w := unpacked(t, t.TempDir())
	adapter := filepath.Join(t.TempDir(), "adapter")
	if err := os.WriteFile(adapter, []byte("a program"), 0o600); err != nil {
		t.Fatal(err)
	}
	img, err := image.Open(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	root, err := NewRoot(t.Context(), img, t.TempDir(), map[string]string{"/adapter": adapter})
	if err != nil {
		t.Fatal(err)
	}
	defer root.Remove()
	files, err := img.Folder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before := listing(t, files)
	for _, writable := range []bool{true, true, false} {
		s := start(t, runtime, root, w, func(c *Command) { c.UID, c.Writable = 0, writable })
		if got := s.report(t).Writable; got != writable {
			t.Errorf("a container writes to its root folder: %t, want %t", got, writable)
		}
		pid, _, _ := s.Server()
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/root/adapter", pid)); err != nil || string(text) != "a program" {
			t.Errorf("the program is %q, %v", text, err)
		}
		if fact := s.RootFact(); strings.Contains(fact.Value, "read-only") == writable || fact.Unequal {
			t.Errorf("the fact is %+v", fact)
		}
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	}
	if after := listing(t, files); !slices.Equal(after, before) {
		t.Errorf("the image's files are %q, and were %q", after, before)
	}
}

// listing names all files below a folder, with their sizes.
func listing(t *testing.T, folder string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(file string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		all = append(all, fmt.Sprintf("%s %v %d", file, info.Mode(), info.Size()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// BenchmarkStart measures a container of a root that is there: until its server
// is ready, and its removal.
func BenchmarkStart(b *testing.B) {
	runtime := here(b)
	root, w := unpacked(b, b.TempDir())
	for b.Loop() {
		if err := start(b, runtime, root, w).Remove(); err != nil {
			b.Fatal(err)
		}
	}
	if err := root.Remove(); err != nil {
		b.Fatal(err)
	}
}

// On a busy machine a server answers before the runtime has said which process it is.
func TestAwaitServer(t *testing.T) {
	root := &Root{dir: t.TempDir()}
	process, err := local.Start(local.Command{Path: "/bin/sleep", Args: []string{"sleep", "60"}})
	if err != nil {
		t.Fatal(err)
	}
	defer process.Kill()
	c := &Container{Process: process, root: root, id: "x"}
	if err := os.Mkdir(c.bundle(), 0o700); err != nil {
		t.Fatal(err)
	}
	go func() {
		time.Sleep(20 * time.Millisecond)
		_ = os.WriteFile(c.pidFile(), []byte("42"), 0o600) // AwaitServer does not find it, then
	}()
	if pid, _, ok := c.AwaitServer(); pid != 42 || !ok {
		t.Errorf("process %d, known %t", pid, ok)
	}
	if err := os.Remove(c.pidFile()); err != nil {
		t.Fatal(err)
	}
	process.Kill()
	if pid, _, ok := c.AwaitServer(); ok {
		t.Errorf("process %d of a container that ended", pid)
	}
}
