package image

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/targets"
	"servebench/targets/image/daemon"
	"servebench/targets/targettest"

	"github.com/moby/moby/client"
)

// engine returns a client of this machine's engine, or skips the test, and gives it a
// store of its own.
func engine(t *testing.T) *client.Client {
	t.Helper()
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	cli, unavailable := daemon.Dial(t.Context())
	if unavailable != nil {
		t.Skip(unavailable)
	}
	t.Cleanup(func() { cli.Close() })
	return cli
}

// source is a folder with a Dockerfile of the test server.
func source(t *testing.T, dockerfile string) string {
	t.Helper()
	dir := t.TempDir()
	server, err := os.ReadFile(targettest.Build(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "server"), server, 0o755), os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(dockerfile), 0o600)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// An image is built once for a run, and kept without the engine; the engine's own images
// are found by their references.
func TestImageOfTheEngine(t *testing.T) {
	cli := engine(t)
	dir := source(t, "FROM scratch\nCOPY server /srv/server\nLABEL own="+t.Name()+"\nEXPOSE 8080\nUSER 1000\nENTRYPOINT [\"/srv/server\"]\n")
	built, err := Resolve(t.Context(), targets.Workload{Build: dir}, t.Errorf)
	if err != nil {
		t.Fatal(err)
	}
	id, err := daemon.Build(t.Context(), dir) // the same, of the engine's cache
	if err != nil {
		t.Fatal(err)
	}
	const tag = "servebench-test/own-server:1"
	if _, err := cli.ImageTag(t.Context(), client.ImageTagOptions{Source: id, Target: tag}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := cli.ImageRemove(context.Background(), id, client.ImageRemoveOptions{Force: true, PruneChildren: true}); err != nil {
			t.Error(err)
		}
	})
	if built.Build != "" || built.Image != built.ImageDigest || !strings.HasPrefix(built.ImageDigest, "sha256:") {
		t.Errorf("built %+v", built)
	}
	named, err := Resolve(t.Context(), targets.Workload{Image: tag}, t.Errorf)
	if err != nil || named.ImageDigest != built.ImageDigest || named.Image != built.Image {
		t.Errorf("by its reference: %+v, %v, want %s", named, err, built.ImageDigest)
	}
	t.Setenv("DOCKER_HOST", "unix:///no/such/socket")
	img, err := Open(t.Context(), built)
	if err != nil {
		t.Fatal(err)
	}
	p, err := img.Process(t.Context(), built, "h", 1)
	if err != nil || p.UID != 1000 || p.Path != "/srv/server" || img.Port(built) != 8080 {
		t.Errorf("process %+v, port %d, %v", p, img.Port(built), err)
	}
	if _, err := Open(t.Context(), targets.Workload{Build: dir}); err == nil {
		t.Error("built without an engine")
	} else if missing, ok := errors.AsType[*targets.Unavailable](err); !ok || !strings.Contains(missing.Why, "no Docker Engine answers") {
		t.Errorf("built without an engine: %v", err)
	}
}

func TestFaultsOfBuilds(t *testing.T) {
	engine(t)
	for dir, says := range map[string]string{
		t.TempDir(): "the folder has no Dockerfile",
		source(t, "FROM scratch\nCOPY nothing /\n"): "docker build: exit status 1; its output ends:",
		source(t, "FORM scratch\n"):                 "FORM",
	} {
		_, err := Resolve(t.Context(), targets.Workload{Build: dir}, t.Errorf)
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), dir) {
			t.Errorf("error %v, want that it says %q", err, says)
		}
	}
}
