package physical_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"servebench/targets"
	"servebench/targets/physical"
	"servebench/targets/targettest"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// userImage is an image of the test server as a user would have one, in a file: a relative
// entry point, an environment, a user by name and a folder to work in that is not there.
func userImage(t *testing.T) string {
	t.Helper()
	server, err := os.ReadFile(targettest.Build(t))
	if err != nil {
		t.Fatal(err)
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for name, body := range map[string]string{"opt/bin/server": string(server), "etc/passwd": "app:x:1000:1001::/srv:/bin/false\n"} {
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
	img, err := mutate.AppendLayers(empty.Image, static.NewLayer(layer.Bytes(), types.DockerUncompressedLayer))
	if err != nil {
		t.Fatal(err)
	}
	if img, err = mutate.ConfigFile(img, &v1.ConfigFile{OS: "linux", Architecture: runtime.GOARCH, RootFS: mustConfig(t, img).RootFS, Config: v1.Config{
		Entrypoint: []string{"server"}, Cmd: []string{"--model", "credit"}, Env: []string{"PATH=/opt/bin", "MODE=image"}, User: "app", WorkingDir: "/made",
	}}); err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag("servebench-test/user-image:1")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "server.tar")
	if err := tarball.WriteToFile(file, tag, img); err != nil {
		t.Fatal(err)
	}
	return file
}

func mustConfig(t *testing.T, img v1.Image) *v1.ConfigFile {
	t.Helper()
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func TestImage(t *testing.T) {
	if err := physical.Kind().CheckImage(t.Context()); err != nil {
		t.Skip(err)
	}
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	dir := t.TempDir()
	target, err := physical.Kind().Open(targets.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	w := targets.Workload{Image: userImage(t), Env: []string{"MODE=scenario"}, Ready: "/ready"}
	d, err := target.Deploy(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	var seen struct {
		Args, Env       []string
		UID             int
		NoNewPrivileges string
	}
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(d.Endpoint.URL + "/report")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&seen); err != nil {
		t.Fatal(err)
	}
	if want := []string{"server", "--model", "credit"}; !slices.Equal(seen.Args, want) || seen.UID != 1000 || seen.NoNewPrivileges != "1" {
		t.Errorf("it sees %+v", seen)
	}
	for _, want := range []string{"PATH=/opt/bin", "MODE=scenario", "HOME=/srv", "HOST=127.0.0.1"} {
		if !slices.Contains(seen.Env, want) {
			t.Errorf("environment %q lacks %s", seen.Env, want)
		}
	}
	w.Port = portOf(t, d)
	if _, err := target.Deploy(t.Context(), w); err == nil || !strings.Contains(err.Error(), "server (process ") {
		t.Errorf("Deploy on a port that is taken: %v, want who has it", err)
	}
	if err := d.Close(t.Context()); err != nil {
		t.Error(err)
	}
	again, err := target.Deploy(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	if portOf(t, again) != w.Port {
		t.Errorf("it listens at %s, want port %d", again.Endpoint.URL, w.Port)
	}
	if err := again.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func portOf(t *testing.T, d *targets.Deployment) int {
	t.Helper()
	_, port, found := strings.Cut(strings.TrimPrefix(d.Endpoint.URL, "http://"), ":")
	n, err := strconv.Atoi(port)
	if !found || err != nil {
		t.Fatalf("%s has no port: %v", d.Endpoint.URL, err)
	}
	return n
}
