package container_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/container"
	"servebench/targets/targettest/artifact"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/moby/moby/client"
)

// preparation is what the deployment's fact of that name says.
func preparation(t *testing.T, d *targets.Deployment) string {
	t.Helper()
	for _, f := range d.Facts {
		if f.Name == "image preparation" {
			return f.Value
		}
	}
	t.Fatalf("no fact says how the image was prepared: %v", d.Facts)
	return ""
}

// An image is put in place once, whatever it is, and what was loaded goes with the target;
// one that somebody removes in between is loaded again.
func TestImageIsKeptBetweenDeployments(t *testing.T) {
	for engine, want := range map[string][]string{"docker": {"loaded in", "kept in the engine", "loaded in"}, "runc": {"put in place in", "put in place in", "put in place in"}} {
		t.Run(engine, func(t *testing.T) {
			t.Setenv("SERVEBENCH_CACHE", t.TempDir())
			var cli *client.Client
			if engine == "docker" {
				cli = dockerClient(t)
			} else {
				needRunc(t)
			}
			dir := t.TempDir()
			target, err := container.Kind().Open(targets.Config{Options: map[string]string{"engine": engine}, Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			w := targets.Workload{Image: artifact.Save(t, userImage(t)), Ready: "/ready"}
			for i, how := range want {
				if i == 2 && cli != nil {
					removeLoaded(t, cli)
				}
				d, err := target.Deploy(t.Context(), w)
				if err != nil {
					t.Fatal(err)
				}
				if got := preparation(t, d); !strings.HasPrefix(got, how) {
					t.Errorf("deployment %d: %q, want %q", i+1, got, how)
				}
				t.Logf("prepared in %s: %s", d.Preparation.Round(time.Microsecond), preparation(t, d))
				if err := d.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}
			if err := target.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if cli == nil {
				return
			}
			if left, err := leftovers(cli)(t.Context(), os.Getpid()); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// removeLoaded takes the images that this process loaded out of the engine.
func removeLoaded(t *testing.T, cli *client.Client) {
	t.Helper()
	left, err := leftovers(cli)(t.Context(), os.Getpid())
	if err != nil || len(left) != 1 {
		t.Fatalf("the engine has %v, %v, want one image", left, err)
	}
	id := strings.Fields(left[0])[1]
	if _, err := cli.ImageRemove(t.Context(), id, client.ImageRemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
}

// An image that the engine has, as docker build and docker load leave it, is neither
// loaded nor removed.
func TestImageOfTheEngineIsUsed(t *testing.T) {
	cli := dockerClient(t)
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	img := userImage(t)
	tag, err := name.NewTag(fmt.Sprintf("servebench-test/engine-%d:1", os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "image.tar")
	if err := tarball.WriteToFile(file, tag, img); err != nil {
		t.Fatal(err)
	}
	archive, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	loaded, err := cli.ImageLoad(t.Context(), archive)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, loaded); err != nil { // it is loaded at the end of the answer
		t.Fatal(err)
	}
	loaded.Close()
	t.Cleanup(func() {
		if _, err := cli.ImageRemove(context.Background(), tag.String(), client.ImageRemoveOptions{}); err != nil {
			t.Errorf("remove the image, which has to stay: %v", err)
		}
	})
	for _, image := range []string{tag.String(), file} {
		target, err := container.Kind().Open(targets.Config{Options: map[string]string{"engine": "docker"}, Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		d, err := target.Deploy(t.Context(), targets.Workload{Image: image, Ready: "/ready"})
		if err != nil {
			t.Fatal(err)
		}
		if got := preparation(t, d); got != "found in the engine" {
			t.Errorf("%s: %q, want that it was found", image, got)
		}
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := target.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
