package image

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
	"servebench/targets/image/bundle"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Nobody is the user and group that a server runs as whose image is made here of one static
// executable.
const Nobody = 65534

// fromCommand makes an image of the workload's command: of a static executable that needs
// no files that and nothing else, otherwise a bundle.
func fromCommand(ctx context.Context, w targets.Workload) (*Image, error) {
	file, err := w.Executable()
	if err != nil {
		return nil, err
	}
	if static, err := targets.IsStatic(file); len(w.Files) == 0 && err == nil && static {
		return fromExecutable(file)
	}
	store, err := targets.CacheDir(storeName)
	if err != nil {
		return nil, err
	}
	made, err := bundle.Make(ctx, w, store)
	if err != nil {
		return nil, err
	}
	img, err := describe(made.Image)
	if err != nil {
		return nil, err
	}
	img.notes = made.Notes
	return img, nil
}

// fromExecutable makes an image of one static executable. All times in it are the epoch,
// so the same executable gives the same digest.
func fromExecutable(file string) (*Image, error) {
	program := path.Join("/bin", filepath.Base(file))
	content, err := layer(file, program)
	if err != nil {
		return nil, fmt.Errorf("make an image of %s: %w", file, err)
	}
	img, err := assemble(content, program)
	if err != nil {
		return nil, fmt.Errorf("make an image of %s: %w", file, err)
	}
	made, err := describe(img)
	if err != nil {
		return nil, fmt.Errorf("make an image of %s: %w", file, err)
	}
	made.Static = true
	return made, nil
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
	config.Config = v1.Config{Entrypoint: []string{program}, User: fmt.Sprintf("%d:%d", Nobody, Nobody), WorkingDir: "/"}
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
