package container

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"servebench/targets"
)

// runcImage returns the workload's image for use without an engine: what
// localImage finds, else pulled from a registry. Its layers arrive as they are
// read, until ctx ends.
func runcImage(ctx context.Context, w targets.Workload) (*local, error) {
	img, err := localImage(w)
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
	return &local{Image: pulled}, nil
}

// unpack writes the image's files below a folder: all layers, one over the
// other.
func unpack(ctx context.Context, img v1.Image, folder string) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	files := mutate.Extract(img)
	defer files.Close()
	reader := tar.NewReader(files)
	for ctx.Err() == nil {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := place(root, header, reader); err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
	}
	return context.Cause(ctx)
}

// place writes one entry of an image. The root keeps it inside of the folder,
// whatever the names and links in the image say. Devices and pipes are left
// out: a container gets its own.
func place(root *os.Root, header *tar.Header, body io.Reader) error {
	target := strings.TrimPrefix(path.Clean("/"+header.Name), "/")
	if target == "" {
		return nil
	}
	if err := root.MkdirAll(path.Dir(target), 0o755); err != nil {
		return err
	}
	switch header.Typeflag {
	case tar.TypeDir:
		if err := root.MkdirAll(target, 0o755); err != nil {
			return err
		}
	case tar.TypeReg:
		if err := write(root, target, body); err != nil {
			return err
		}
	case tar.TypeSymlink:
		if err := clear(root, target); err != nil {
			return err
		}
		return errors.Join(root.Symlink(header.Linkname, target), own(root, target, header))
	case tar.TypeLink:
		source := strings.TrimPrefix(path.Clean("/"+header.Linkname), "/")
		return errors.Join(clear(root, target), root.Link(source, target))
	default:
		return nil
	}
	// The owner first: changing it takes the set-user-id bit away.
	return errors.Join(own(root, target, header), root.Chmod(target, mode(header)))
}

// write writes a file's content.
func write(root *os.Root, target string, body io.Reader) error {
	if err := clear(root, target); err != nil {
		return err
	}
	f, err := root.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, body)
	return errors.Join(err, f.Close())
}

// clear removes what stands in the place of a file.
func clear(root *os.Root, target string) error {
	if err := root.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// own gives a file to its owner, which root alone may do.
func own(root *os.Root, target string, header *tar.Header) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return root.Lchown(target, header.Uid, header.Gid)
}

// mode is the permissions of an entry and its set-user-id, set-group-id and
// sticky bits.
func mode(header *tar.Header) fs.FileMode {
	return header.FileInfo().Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky)
}
