package image

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"syscall"
)

// The names of whiteouts, see "Whiteouts" in the OCI image specification,
// layer.md.
const (
	whiteoutPrefix = ".wh."
	opaque         = ".wh..wh..opq"
)

// whiteout hides what a layer takes away from those below it: a file or folder,
// or all that a folder has. "Files that are present in the same layer as a
// whiteout file can only be hidden by whiteout files in subsequent layers."
func (u *unpacker) whiteout(name string) error {
	folder, err := locate(u.root, path.Dir(name))
	if err != nil {
		return err
	}
	base := path.Base(name)
	if base == opaque {
		return u.clear(folder)
	}
	hidden := strings.TrimPrefix(base, whiteoutPrefix)
	switch {
	case hidden == "" || hidden == "." || hidden == "..":
		return errors.New("the whiteout names no file")
	case strings.HasPrefix(hidden, whiteoutPrefix): // AUFS's own
		return nil
	}
	return u.hide(path.Join(folder, hidden))
}

// hide removes what the layers below have at the path, links in it resolved,
// and leaves what this layer has there.
func (u *unpacker) hide(name string) error {
	entry, in := u.upper[name]
	if !in {
		return ignoreAbsent(u.root.RemoveAll(name))
	}
	if info, err := u.root.Lstat(name); err != nil || !info.IsDir() {
		return ignoreAbsent(err)
	}
	if !entry { // it is there for this layer's entries alone
		if err := u.plain(name); err != nil {
			return err
		}
	}
	return u.clear(name)
}

// clear hides all that the layers below have in a folder.
func (u *unpacker) clear(folder string) error {
	entries, err := fs.ReadDir(u.root.FS(), folder)
	if err != nil {
		return ignoreAbsent(err)
	}
	for _, e := range entries {
		if err := u.hide(path.Join(folder, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// ignoreAbsent drops the error that says that there is no such file, or that it
// lies below one that is no folder.
func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	return err
}
