package image

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"time"

	"servebench/targets"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// nobody is the user and group that a server of ours runs as in a container.
const nobody = 65534

// fromCommand makes an image of the workload's executable and nothing else. All
// times in it are the epoch, so the same executable gives the same digest.
func fromCommand(w targets.Workload) (*Image, error) {
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
	made, err := described(img)
	if err != nil {
		return nil, fmt.Errorf("build an image of %s: %w", file, err)
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
