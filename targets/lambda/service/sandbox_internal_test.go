package service

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/oci"
	"servebench/targets/targettest"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// An image that AWS would refuse for its size is refused before that is unpacked.
func TestLargeImagesAreRefused(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("SERVEBENCH_CACHE", cache)
	runtime, unavailable := oci.FindRuntime()
	if unavailable != nil {
		t.Skip(unavailable)
	}
	var layer bytes.Buffer // which ends before the file's content
	if err := tar.NewWriter(&layer).WriteHeader(&tar.Header{Name: "model", Typeflag: tar.TypeReg, Size: int64(mostImage) + 1}); err != nil {
		t.Fatal(err)
	}
	img, err := mutate.AppendLayers(empty.Image, static.NewLayer(layer.Bytes(), types.DockerUncompressedLayer))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = Function{}.contained(t.Context(), runtime, &image.Image{Image: img, Digest: "sha256:large"}, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "has more than 10GiB of files in its layers") || !strings.Contains(err.Error(), "Lambda takes images of 10GiB at most") {
		t.Errorf("contained: %v, want that it is too large", err)
	}
	if left, err := filepath.Glob(filepath.Join(cache, "images", "*", "root*")); err != nil || len(left) != 1 { // the lock
		t.Errorf("left %v, %v", left, err)
	}
}

// A choice that is given up falls back to nothing.
func TestChoiceIsGivenUp(t *testing.T) {
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	if _, unavailable := oci.FindRuntime(); unavailable != nil {
		t.Skip(unavailable)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := Function{Workload: targets.Workload{Command: []string{targettest.Build(t)}}}
	if s, _, err := Choose(ctx, Auto, f, t.TempDir(), t.Errorf); !errors.Is(err, context.Canceled) {
		t.Errorf("chose %v, %v", s, err)
	}
}
