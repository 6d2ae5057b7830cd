package lambda_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/lambda/service"
	"servebench/targets/local"
	"servebench/targets/targettest"
	"servebench/targets/targettest/artifact"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// image writes the test server as an image that a user would have, with an account and
// further files.
func image(t *testing.T, config v1.Config, files ...artifact.File) string {
	t.Helper()
	files = append([]artifact.File{
		artifact.Executable(t, targettest.Build(t), "/srv/bin/server"),
		artifact.Text("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/srv:/bin/false\n"),
		artifact.Text("/etc/group", "root:x:0:\napp:x:1001:\n"),
	}, files...)
	return artifact.Save(t, artifact.Image(t, config, files...))
}

// imageFunctions deploys functions in containers, where they can run here.
func imageFunctions(t *testing.T, options map[string]string) targets.Target {
	t.Helper()
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	options["sandbox"] = service.Runc
	if err := kind(t).Check(t.Context(), options); err != nil {
		t.Skipf("containers cannot run here: %v", err)
	}
	return opened(t, options)
}

// An image is honoured as everywhere: what it says to start runs as its user, in its folder,
// with its environment, and every environment has the port that it exposes.
func TestAnImage(t *testing.T) {
	target := imageFunctions(t, map[string]string{"adapter": "on", "tmp": "64MiB"})
	w := targets.Workload{
		Image: image(t, v1.Config{
			Entrypoint: []string{"bin/server"}, Cmd: []string{"--listen={port}"}, WorkingDir: "/srv", User: "app",
			Env: []string{"PATH=/srv/bin", "MODEL=image's", "OTHER=image's"}, ExposedPorts: map[string]struct{}{"9001/tcp": {}},
		}),
		Env: []string{"OTHER=scenario's"}, Ready: "/ready",
	}
	var prepared []time.Duration
	for range 2 {
		d, err := target.Deploy(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		prepared = append(prepared, d.Preparation)
		defer d.Close(context.Background()) // ends nothing twice
		seen := report(t, d)
		want := map[string]string{"PATH": "/srv/bin", "MODEL": "image's", "OTHER": "scenario's", "HOME": "/srv", "PORT": "9001", "HOST": "127.0.0.1"}
		for _, pair := range seen.Env {
			if key, value, _ := strings.Cut(pair, "="); want[key] == value {
				delete(want, key)
			}
		}
		if len(want) > 0 || seen.UID != 1000 || seen.Writable || !slices.Equal(seen.Args, []string{"bin/server", "--listen={port}"}) {
			t.Errorf("the server sees %+v, and not %v", seen, want)
		}
		for _, fact := range d.Facts {
			if fact.Name == "image" && !strings.HasPrefix(fact.Value, "sha256:") || fact.Name == "network" && fact.Value != "loopback, of each environment alone" {
				t.Errorf("fact %+v", fact)
			}
		}
		if got, want := temporary(t), "size=65536k"; !strings.Contains(got, want) {
			t.Errorf("/tmp is %q, want that it has %s", got, want)
		}
		several(t, d)
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	t.Logf("prepared in %v", prepared)
}

// A command that comes with its files works in its folder, as on the machine itself.
func TestACommandWithFiles(t *testing.T) {
	server := targettest.Build(t)
	folder := t.TempDir()
	if strings.HasPrefix(folder, "/tmp/") { // which every container has to itself
		var err error
		if folder, err = os.MkdirTemp("/var/tmp", "servebench-test-"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(folder) })
	}
	path := filepath.Join(folder, "server")
	if err := os.Link(server, path); err != nil {
		body, err := os.ReadFile(server)
		if err == nil {
			err = os.WriteFile(path, body, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, sandbox := range []string{service.Processes, service.Runc} {
		options := map[string]string{"adapter": "on"}
		target := imageFunctions(t, options)
		options["sandbox"] = sandbox
		if sandbox == service.Processes {
			target = opened(t, options)
		}
		d, err := target.Deploy(t.Context(), targets.Workload{
			Command: []string{path, "--listen={host}:{port}"}, Dir: folder, Files: []string{folder}, Ready: "/ready", Env: []string{"TEST_START=web"},
		})
		if err != nil {
			t.Fatalf("%s: %v", sandbox, err)
		}
		if seen := report(t, d); seen.Dir != folder {
			t.Errorf("%s: the server works in %q, want %q", sandbox, seen.Dir, folder)
		}
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A command in the scenario replaces what the image says to start.
func TestACommandInAnImage(t *testing.T) {
	target := imageFunctions(t, map[string]string{})
	w := targets.Workload{
		Image:   image(t, v1.Config{Entrypoint: []string{"/nonesuch"}, Cmd: []string{"x"}}),
		Command: []string{"/srv/bin/server", "--listen={host}:{port}"}, Ready: "/ready", Env: []string{"TEST_START=web"},
	}
	d, err := target.Deploy(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	if seen := report(t, d); !slices.Equal(seen.Args, []string{"/srv/bin/server", "--listen=127.0.0.1:8080"}) || seen.UID != 0 {
		t.Errorf("the server sees %+v", seen)
	}
	if err := d.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// Whatever an image has in the place of /tmp and of its working folder, the function has both.
func TestAnImageWithoutItsFolders(t *testing.T) {
	target := imageFunctions(t, map[string]string{"adapter": "on"})
	for name, files := range map[string][]artifact.File{
		"none":             nil,
		"a file":           {artifact.Text("/tmp", "x")},
		"a link that ends": {artifact.Link("/tmp", "/nowhere")},
		"a loop":           {artifact.Link("/tmp", "tmp")},
		"a link":           {artifact.Link("/tmp", "/var/tmp"), {Path: "/var/tmp/", Mode: 0o700}},
	} {
		t.Run(name, func(t *testing.T) {
			config := v1.Config{Entrypoint: []string{"/srv/bin/server"}, WorkingDir: "/in/no/layer", Env: []string{"TEST_START=web"}, User: "app", Volumes: map[string]struct{}{"/data": {}}}
			d, err := target.Deploy(t.Context(), targets.Workload{Image: image(t, config, files...), Ready: "/ready"})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close(context.Background())
			if seen := report(t, d); seen.Dir != "/in/no/layer" {
				t.Errorf("the server works in %s", seen.Dir)
			}
			if got := temporary(t); !strings.Contains(got, "size=524288k") {
				t.Errorf("/tmp is %q, want that it has 512 MiB", got)
			}
			if !slices.ContainsFunc(d.Facts, func(f record.Fact) bool {
				return f.Name == "image notes" && strings.Contains(f.Value, "Its volumes (/data) are ordinary folders")
			}) {
				t.Errorf("the facts do not tell of the volume: %+v", d.Facts)
			}
		})
	}
}

func TestImagesAreRefused(t *testing.T) {
	target := imageFunctions(t, map[string]string{})
	for want, config := range map[string]v1.Config{
		"neither entry point nor command": {},
		"no file /nonesuch":               {Entrypoint: []string{"/nonesuch"}},
		`"nobody-here"`:                   {Entrypoint: []string{"/srv/bin/server"}, User: "nobody-here"},
	} {
		d, err := target.Deploy(t.Context(), targets.Workload{Image: image(t, config), Ready: "/ready"})
		if err == nil {
			t.Errorf("deployed, want an error that says %s: %v", want, d.Close(t.Context()))
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("Deploy: %v, want that it says %s", err, want)
		}
	}
	// On this machine's network environments share the port that the image exposes.
	target = imageFunctions(t, map[string]string{"network": "host"})
	exposing := image(t, v1.Config{Entrypoint: []string{"/srv/bin/server"}, ExposedPorts: map[string]struct{}{"9001": {}}})
	if _, err := target.Deploy(t.Context(), targets.Workload{Image: exposing, Ready: "/ready"}); err == nil || !strings.Contains(err.Error(), "cannot share port 9001") {
		t.Errorf("Deploy on this machine's network: %v", err)
	}
}

// seen is what the test server says of its surroundings.
type seen struct {
	Args, Env []string
	UID       int
	Writable  bool
	Dir       string
}

func report(t *testing.T, d *targets.Deployment) (s seen) {
	t.Helper()
	resp, err := http.Get(d.Endpoint.URL + "/report?write=1")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// temporary is how /tmp is mounted for the test server.
func temporary(t *testing.T) string {
	t.Helper()
	for _, pid := range local.Descendants(os.Getpid()) {
		args, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if !strings.HasPrefix(strings.TrimPrefix(string(args), "/srv/"), "bin/server\x00") {
			continue
		}
		mounts, _ := os.ReadFile(fmt.Sprintf("/proc/%d/mounts", pid))
		for line := range strings.Lines(string(mounts)) {
			if fields := strings.Fields(line); len(fields) > 3 && fields[1] == "/tmp" {
				return line
			}
		}
	}
	return "not there"
}

// several has requests come at the same time until several environments work.
func several(t *testing.T, d *targets.Deployment) {
	t.Helper()
	for started := 0.0; started < 2; {
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				resp, err := http.Post(d.Endpoint.URL+"/burn?ms=200", "", nil)
				if err != nil {
					t.Error(err)
					return
				}
				if resp.Body.Close(); resp.StatusCode != http.StatusOK {
					t.Errorf("answered %s", resp.Status)
				}
			})
		}
		all.Wait()
		usage, err := d.Usage(t.Context(), time.Time{}, time.Now())
		if err != nil || t.Failed() {
			t.Fatal(err)
		}
		for _, meter := range usage.Meters {
			if meter.Name == "environments started" {
				started = meter.Value
			}
		}
	}
}
