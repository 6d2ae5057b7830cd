package vm_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/targettest"
	"servebench/targets/targettest/artifact"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// serverImage writes an image of the test server and those files, as docker save would.
func serverImage(t *testing.T, config v1.Config, files ...artifact.File) string {
	t.Helper()
	server := artifact.Executable(t, targettest.Build(t), "/srv/server")
	return artifact.Save(t, artifact.Image(t, config, append([]artifact.File{server}, files...)...))
}

// openKind opens the target for guests that are emulated.
func openKind(t *testing.T) (targets.Target, string) {
	t.Helper()
	kind := kind(t)
	if err := kind.Check(t.Context(), emulated()); err != nil {
		t.Skipf("no guest can be run here: %v", err)
	}
	dir := t.TempDir()
	target, err := kind.Open(targets.Config{Options: emulated(), Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return target, dir
}

// soon is a time that a start has even on a busy machine: what hangs says how far it came.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Minute, errors.New("no guest after 3 minutes"))
	t.Cleanup(cancel)
	return ctx
}

// ask asks the test server in a guest for its report.
func ask(t *testing.T, d *targets.Deployment, query url.Values) (report struct {
	Args, Env       []string
	UID, GID        int
	Groups          []int
	Dir             string
	Modes           map[string]string
	Writable        bool
	CPUs            string
	Visible         int
	NoNewPrivileges string
}) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	resp, err := client.Get(d.Endpoint.URL + "/report?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&report); err != nil {
		t.Fatal(err)
	}
	return report
}

// All that an image says of its server is honoured, and the guest has what images leave
// to whoever runs them.
func TestImageInAGuest(t *testing.T) {
	target, dir := openKind(t)
	image := serverImage(t, v1.Config{
		Entrypoint: []string{"server"}, Cmd: []string{"--model", "credit"}, Env: []string{"PATH=/nothing:/srv", "MODE=image", "TEST_NOISE=2000"},
		User: "app", WorkingDir: "/var/data", ExposedPorts: map[string]struct{}{"90/tcp": {}}, StopSignal: "SIGTERM",
	},
		artifact.Text("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/srv:/bin/false\n"),
		artifact.Text("/etc/group", "app:x:1001:\nmodels:x:1002:root,app\n"),
		artifact.Link("/etc/resolv.conf", "../run/nobody/made/this"),
		artifact.File{Path: "/srv/private/", Mode: 0o700, UID: 1000, GID: 1001},
		artifact.File{Path: "/srv/linked", Kind: tar.TypeLink, Link: "srv/server"},
	)
	var output bytes.Buffer
	d, err := target.Deploy(soon(t), targets.Workload{Image: image, Ready: "/ready", Output: &output})
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"/dev/null": "Dcrw-rw-rw-", "/dev/stdout": "prw-------", "/dev/shm": "dtrwxrwxrwx", "/tmp": "dtrwxrwxrwx", "/proc/self": "dr-xr-xr-x", "/sys/class": "drwxr-xr-x",
		"/etc/hosts": "-rw-r--r--", "/etc/resolv.conf": "-rw-r--r--", "/srv/linked": "-rwxr-xr-x", "/var/data": "drwxr-xr-x", "/dev/pts/ptmx": "Dcrw-rw-rw-",
	}
	r := ask(t, d, url.Values{"file": slices.Collect(maps.Keys(files))})
	for name, mode := range files {
		if r.Modes[name] != mode {
			t.Errorf("%s: %s, want %s", name, r.Modes[name], mode)
		}
	}
	if got, want := fmt.Sprintf("%s %s %d %d %d", r.Args, r.Dir, r.UID, r.GID, r.Groups), "[server --model credit] /var/data 1000 1001 [1002]"; got != want {
		t.Errorf("arguments, folder, user and groups %s, want %s", got, want)
	}
	for _, pair := range []string{"MODE=image", "PATH=/nothing:/srv", "HOME=/srv", "PORT=90", "HOST=0.0.0.0"} {
		if !slices.Contains(r.Env, pair) {
			t.Errorf("environment %q lacks %s", r.Env, pair)
		}
	}
	for _, want := range []record.Fact{{Name: "root disk"}, {Name: "image"}, {Name: "storage driver", Unequal: true}} {
		i := slices.IndexFunc(d.Facts, func(f record.Fact) bool { return f.Name == want.Name })
		if i < 0 || d.Facts[i].Unequal != want.Unequal {
			t.Errorf("no fact like %+v in %+v", want, d.Facts)
		}
	}
	if err := d.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for _, line := range []string{"a line of noise, 0\n", "a line of noise, 1999\n"} {
		if !strings.Contains(output.String(), line) {
			t.Errorf("%q is not in the output", line)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Guests of one image have one disk, and nothing of what another one writes.
func TestGuestsShareADisk(t *testing.T) {
	target, _ := openKind(t)
	w := targets.Workload{Image: serverImage(t, v1.Config{Entrypoint: []string{"/srv/server"}}), Ready: "/ready"}
	var all []*targets.Deployment
	for range 2 {
		d, err := target.Deploy(soon(t), w)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close(t.Context())
		all = append(all, d)
	}
	for _, d := range all {
		if r := ask(t, d, url.Values{"write": {"1"}}); r.UID != 0 || !r.Writable {
			t.Errorf("user %d, can write %t, want root, and that it can", r.UID, r.Writable)
		}
	}
	disks, err := filepath.Glob(filepath.Join(os.Getenv("SERVEBENCH_CACHE"), "images", "*", "root-*.ext4"))
	if err != nil || len(disks) != 1 {
		t.Errorf("disks %v, %v, want one", disks, err)
	}
}

// A disk that was damaged on this machine is named, with what makes it anew.
func TestDamagedDisk(t *testing.T) {
	target, _ := openKind(t)
	w := targets.Workload{Image: serverImage(t, v1.Config{Entrypoint: []string{"/srv/server"}}), Ready: "/ready"}
	d, err := target.Deploy(soon(t), w)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	disks, err := filepath.Glob(filepath.Join(os.Getenv("SERVEBENCH_CACHE"), "images", "*", "root-*.ext4"))
	if err != nil || len(disks) != 1 {
		t.Fatalf("disks %v, %v, want one", disks, err)
	}
	file, err := os.OpenFile(disks[0], os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt(bytes.Repeat([]byte{0xa5}, 64<<10), 4096); err != nil { // after the superblock
		t.Fatal(err)
	}
	_, err = target.Deploy(soon(t), w)
	if err == nil || !strings.Contains(err.Error(), "the disk /dev/vda") || !strings.Contains(err.Error(), "rm '"+disks[0]+"' has it made again") {
		t.Errorf("error %v, want that the disk is damaged, and what to do", err)
	}
}

// QEMU lets one connection wait, and would lose most of a burst.
func TestBurstOfConnections(t *testing.T) {
	target, _ := openKind(t)
	d, err := target.Deploy(soon(t), targets.Workload{Command: []string{targettest.Build(t)}, Ready: "/ready"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close(t.Context())
	for _, f := range d.Facts {
		if f.Name == "connection backlog" {
			t.Skipf("it cannot be changed here: %s", f.Value)
		}
	}
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
			resp, err := client.Get(d.Endpoint.URL + "/ready")
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
		})
	}
	all.Wait()
}

// What cannot be run as it is is refused with the reason.
func TestImagesThatAreRefused(t *testing.T) {
	target, dir := openKind(t)
	server := []string{"/srv/server"}
	for name, c := range map[string]struct {
		config v1.Config
		file   artifact.File
		words  []string
	}{
		"a file at /dev":                         {v1.Config{Entrypoint: server}, artifact.Text("/dev", "null"), []string{"/dev", "no folder"}},
		"a link at /proc":                        {v1.Config{Entrypoint: server}, artifact.Link("/proc", "/srv"), []string{"/proc", "no folder"}},
		"a file at /etc":                         {v1.Config{Entrypoint: server}, artifact.Text("/etc", "passwd"), []string{"/etc", "not a directory"}},
		"a hostile /etc/passwd":                  {v1.Config{Entrypoint: server, User: "app"}, artifact.Text("/etc/passwd", "app:x:0x10:-1::\n:::\napp\n"), []string{`user "app"`, "/etc/passwd"}},
		"no program for a shell":                 {v1.Config{Entrypoint: []string{"/bin/sh", "-c", "server"}}, artifact.Text("/etc/motd", ""), []string{"/bin/sh"}},
		"a server that goes into the background": {v1.Config{Entrypoint: server, Env: []string{"TEST_START=background"}}, artifact.Text("/etc/motd", ""), []string{"exited with status 0 and left 1 process running in the background", "foreground"}},
		"a script without one":                   {v1.Config{Entrypoint: []string{"/srv/run"}}, artifact.File{Path: "/srv/run", Mode: 0o755, Content: "#!/bin/sh\n"}, []string{"/srv/run", "no such file"}},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := target.Deploy(soon(t), targets.Workload{Image: serverImage(t, c.config, c.file), Ready: "/ready"})
			if err == nil {
				t.Fatalf("Deploy succeeded: %v", d.Close(t.Context()))
			}
			for _, word := range c.words {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("error %v\ndoes not say %q", err, word)
				}
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}
