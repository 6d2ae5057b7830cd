package oci

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"time"

	"servebench/targets"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// nobody is the user and group that a server of ours runs as in a container.
const nobody = 65534

// Image is a container image: layers of files, and what to run in them.
type Image struct {
	v1.Image
	// Program is the executable's path in an image built here; "" for an
	// image of the user's, which says itself what to run.
	Program string
}

// Local returns the workload's image if it is at hand without a registry:
// built from its command, or read from a tarball, which has an absolute path. It
// returns nil when the workload names a reference.
func Local(w targets.Workload) (*Image, error) {
	if w.Image == "" {
		return buildImage(w)
	}
	if !filepath.IsAbs(w.Image) {
		return nil, nil
	}
	info, err := os.Stat(w.Image)
	if err != nil {
		return nil, fmt.Errorf("read the image: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read the image %s: it is not a file that docker save wrote", w.Image)
	}
	img, err := tarball.ImageFromPath(w.Image, nil)
	if err != nil {
		return nil, fmt.Errorf("read the image %s, which has to be a tarball with one image as docker save writes it: %w", w.Image, err)
	}
	return &Image{Image: img}, nil
}

// buildImage makes an image of the workload's executable and nothing else. All
// times in it are the epoch, so the same executable gives the same digest.
func buildImage(w targets.Workload) (*Image, error) {
	file, err := w.Executable()
	if err != nil {
		return nil, err
	}
	if err := checkStatic(file); err != nil {
		return nil, err
	}
	program := path.Join("/bin", filepath.Base(file))
	content, err := layer(file, program)
	if err != nil {
		return nil, fmt.Errorf("build an image of %s: %w", file, err)
	}
	img, err := assemble(content, program)
	if err != nil {
		return nil, fmt.Errorf("build an image of %s: %w", file, err)
	}
	return &Image{Image: img, Program: program}, nil
}

// assemble makes the image of one uncompressed layer.
func assemble(content []byte, program string) (v1.Image, error) {
	img, err := mutate.AppendLayers(empty.Image, static.NewLayer(content, types.DockerUncompressedLayer))
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", runtime.GOARCH, v1.Time{Time: time.Unix(0, 0).UTC()}
	config.Config = v1.Config{Entrypoint: []string{program}, User: fmt.Sprintf("%d:%d", nobody, nobody), WorkingDir: "/"}
	return mutate.ConfigFile(img, config)
}

// layer writes the tar of the root folder: the executable, and the folders
// that a runtime mounts something on.
func layer(file, program string) ([]byte, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	buf.Grow(len(body) + 16*512)
	w := tar.NewWriter(&buf)
	for _, name := range []string{"bin/", "dev/", "etc/", "proc/", "sys/"} {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755, ModTime: time.Unix(0, 0)}); err != nil {
			return nil, err
		}
	}
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777, ModTime: time.Unix(0, 0)}); err != nil {
		return nil, err
	}
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: program[1:], Mode: 0o755, Size: int64(len(body)), ModTime: time.Unix(0, 0)}); err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	return buf.Bytes(), w.Close()
}

// checkStatic refuses an executable that would not run alone in an image.
func checkStatic(file string) error {
	static, err := targets.IsStatic(file)
	if err != nil {
		return fmt.Errorf("%s is not a Linux executable, so no image can be built from it: name one that has it with workload.image (%w)", file, err)
	}
	if !static {
		return fmt.Errorf("%s is dynamically linked, and the image built from it has nothing but the executable: build it statically (Go: CGO_ENABLED=0), or name an image that has its libraries with workload.image", file)
	}
	return nil
}

// Fetch returns the workload's image: what Local finds, else pulled from a
// registry. The layers of one pulled arrive as they are read, until ctx ends.
func Fetch(ctx context.Context, w targets.Workload) (*Image, error) {
	img, err := Local(w)
	if err != nil || img != nil {
		return img, err
	}
	ref, err := name.ParseReference(w.Image)
	if err != nil {
		return nil, fmt.Errorf("image %s is neither a file nor a reference: %w", w.Image, err)
	}
	pulled, err := remote.Image(ref, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain),
		remote.WithPlatform(v1.Platform{OS: "linux", Architecture: runtime.GOARCH}))
	if err != nil {
		return nil, fmt.Errorf("image %s is not a file, and pulling it failed: %w", w.Image, err)
	}
	return &Image{Image: pulled}, nil
}
