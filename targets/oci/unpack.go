package oci

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// unpack writes the image's files below a folder, layer over layer from the
// lowest up, so that a layer's names pass the links of those below it. The
// root keeps everything inside of the folder, whatever the names and links in
// the image say.
func unpack(ctx context.Context, img v1.Image, folder string) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	for _, l := range layers {
		if err := unpackLayer(ctx, l, root); err != nil {
			return err
		}
	}
	return nil
}

// unpackLayer writes one layer over those below it.
func unpackLayer(ctx context.Context, l v1.Layer, root *os.Root) error {
	files, err := l.Uncompressed()
	if err != nil {
		return err
	}
	defer files.Close()
	reader := tar.NewReader(files)
	written := map[string]bool{}
	for ctx.Err() == nil {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		target := strings.TrimPrefix(path.Clean("/"+header.Name), "/")
		if target == "" {
			continue
		}
		if hidden, ok := strings.CutPrefix(path.Base(target), ".wh."); ok {
			err = hide(root, path.Dir(target), hidden, written)
		} else {
			written[target] = true
			err = place(root, target, header, reader)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
	}
	return context.Cause(ctx)
}

// hide removes what a layer takes away from those below it: a file or folder,
// or (".wh..opq") all that a folder holds but what this layer wrote. See the
// OCI image specification, "Whiteouts".
func hide(root *os.Root, folder, hidden string, written map[string]bool) error {
	if hidden != ".wh..opq" {
		return root.RemoveAll(path.Join(folder, hidden))
	}
	entries, err := fs.ReadDir(root.FS(), folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		if name := path.Join(folder, entry.Name()); !written[name] {
			if err := root.RemoveAll(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// place writes one entry of a layer. Devices and pipes are left out: a
// container gets its own.
func place(root *os.Root, target string, header *tar.Header, body io.Reader) error {
	if err := root.MkdirAll(path.Dir(target), 0o755); err != nil {
		return err
	}
	if err := vacate(root, target, header.Typeflag == tar.TypeDir); err != nil {
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
		return errors.Join(root.Symlink(header.Linkname, target), own(root, target, header))
	case tar.TypeLink:
		return root.Link(strings.TrimPrefix(path.Clean("/"+header.Linkname), "/"), target)
	default:
		return nil
	}
	// The owner first: changing it takes the set-user-id bit away.
	return errors.Join(own(root, target, header), root.Chmod(target, mode(header)))
}

// vacate removes what stands in the place of an entry; a folder stays where a
// folder comes.
func vacate(root *os.Root, target string, folder bool) error {
	info, err := root.Lstat(target)
	if errors.Is(err, fs.ErrNotExist) || err == nil && folder && info.IsDir() {
		return nil
	}
	if err != nil {
		return err
	}
	return root.RemoveAll(target)
}

// write writes a file's content.
func write(root *os.Root, target string, body io.Reader) error {
	f, err := root.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, body)
	return errors.Join(err, f.Close())
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
