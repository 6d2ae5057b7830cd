package container_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/container"
	"servebench/targets/targettest"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// userImage makes an image as a user would have one: an entrypoint with
// arguments, an environment, a user by name and a folder to work in.
func userImage(t *testing.T) v1.Image {
	t.Helper()
	server, err := os.ReadFile(targettest.Build(t))
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for name, body := range map[string]string{
		"srv/server": string(server),
		"etc/passwd": "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/srv:/bin/false\n",
		"etc/group":  "root:x:0:\napp:x:1001:\n",
	} {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(body))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	img, err := mutate.AppendLayers(empty.Image, static.NewLayer(buf.Bytes(), types.DockerUncompressedLayer))
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	config.Config = v1.Config{
		Entrypoint: []string{"/srv/server"}, Cmd: []string{"--model", "credit"},
		Env: []string{"PATH=/srv:/bin", "MODE=image", "KEPT=yes"}, User: "app", WorkingDir: "/srv",
	}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	return img
}

// asFile writes the image as docker save would.
func asFile(t *testing.T, img v1.Image) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "server.tar")
	tag, err := name.NewTag("servebench-test/user-image:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := tarball.WriteToFile(file, tag, img); err != nil {
		t.Fatal(err)
	}
	return file
}

// asReference pushes the image to a registry that lives as long as the test.
func asReference(t *testing.T, img v1.Image) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	ref, err := name.ParseReference(strings.TrimPrefix(server.URL, "http://") + "/servebench-test/user-image:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	return ref.String()
}

func TestUserImageOnRunc(t *testing.T) {
	needRunc(t)
	img := userImage(t)
	for how, ref := range map[string]string{"file": asFile(t, img), "registry": asReference(t, img)} {
		t.Run(how, func(t *testing.T) { honoured(t, "runc", ref) })
	}
}

func TestUserImageOnDocker(t *testing.T) {
	cli := dockerClient(t)
	img := userImage(t)
	for how, ref := range map[string]string{"file": asFile(t, img), "registry": asReference(t, img)} {
		t.Run(how, func(t *testing.T) { honoured(t, "docker", ref) })
	}
	left, err := leftovers(cli)(t.Context(), os.Getpid())
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// honoured deploys the user's image and checks that what it says counts.
func honoured(t *testing.T, engine, ref string) {
	t.Helper()
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	dir := t.TempDir()
	target, err := container.Kind().Open(targets.Config{Options: map[string]string{"engine": engine}, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d, err := target.Deploy(ctx, targets.Workload{Image: ref, Env: []string{"MODE=scenario"}, Ready: "/ready"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := target.Close(ctx); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}()
	report := ask(t, d, "/report?write=1")
	if report.UID != 1000 || report.Writable {
		t.Errorf("user %d, root folder writable for it: %t; want 1000, whom it does not belong to", report.UID, report.Writable)
	}
	if want := []string{"/srv/server", "--model", "credit"}; !slices.Equal(report.Args, want) {
		t.Errorf("arguments %q, want %q", report.Args, want)
	}
	for _, want := range []string{"PATH=/srv:/bin", "MODE=scenario", "KEPT=yes", "HOME=/srv", "HOST=127.0.0.1"} {
		if !slices.Contains(report.Env, want) {
			t.Errorf("environment %q lacks %s", report.Env, want)
		}
	}
}

// A server of ours can change nothing and is nobody.
func TestBuiltImageIsClosed(t *testing.T) {
	server := targettest.Build(t)
	for _, engine := range []string{"docker", "runc"} {
		t.Run(engine, func(t *testing.T) {
			if engine == "docker" {
				dockerClient(t)
			} else {
				needRunc(t)
			}
			target, err := container.Kind().Open(targets.Config{Options: map[string]string{"engine": engine}, Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			d, err := target.Deploy(t.Context(), targets.Workload{Command: []string{server}, Ready: "/ready"})
			if err != nil {
				t.Fatal(err)
			}
			defer target.Close(context.Background())
			defer d.Close(context.Background())
			report := ask(t, d, "/report?write=1")
			if report.UID != 65534 || report.Writable {
				t.Errorf("user %d, root folder writable: %t; want nobody and not", report.UID, report.Writable)
			}
			if report.Capabilities != "0000000000000000" || report.NoNewPrivileges != "1" {
				t.Errorf("capabilities %s, no new privileges %s", report.Capabilities, report.NoNewPrivileges)
			}
		})
	}
}

func TestMissingImageIsNamed(t *testing.T) {
	for _, engine := range []string{"docker", "runc"} {
		t.Run(engine, func(t *testing.T) {
			if engine == "docker" {
				dockerClient(t)
			} else {
				needRunc(t)
			}
			target, err := container.Kind().Open(targets.Config{Options: map[string]string{"engine": engine}, Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			gone := httptest.NewServer(http.NotFoundHandler())
			defer gone.Close()
			ref := strings.TrimPrefix(gone.URL, "http://") + "/no-such/image:1"
			_, err = target.Deploy(t.Context(), targets.Workload{Image: ref, Ready: "/ready"})
			if err == nil || !strings.Contains(err.Error(), ref) || !strings.Contains(err.Error(), "neither") {
				t.Errorf("Deploy of an image that is not there: %v", err)
			}
		})
	}
}

// report is what the test server says about its surroundings.
type report struct {
	Args, Env                     []string
	UID                           int
	Writable                      bool
	Capabilities, NoNewPrivileges string
}

func ask(t *testing.T, d *targets.Deployment, path string) report {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: transport}).Get(d.Endpoint.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var r report
	if err := json.NewDecoder(resp.Body).Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}
