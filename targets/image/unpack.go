package image

import (
	"archive/tar"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"servebench/targets"
	"servebench/targets/image/bundle"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The most that is unpacked of an image, so that none fills the disk, whatever
// its layers expand to. The largest images for serving models have some 30 GiB
// and 300,000 files.
const (
	mostBytes   = 64 * targets.GiB  // in files, holes counted as what they stand for
	mostEntries = 1_000_000         // files, folders, links, whiteouts
	mostName    = 3072              // bytes of a path, so that it fits into Linux's PATH_MAX below any folder
	mostNames   = 512 * targets.MiB // of the paths of one layer, which are held in memory
)

// unpack writes the image's files below a folder that is there, layer over layer from the
// lowest up, until ctx ends, and so many bytes at most. Names pass the links that the layers
// have made, as they would for a process that has the folder as its root. An os.Root keeps
// everything inside of it, whatever the names and links in the image say.
func unpack(ctx context.Context, img v1.Image, folder string, most targets.Bytes) (*unpacker, error) {
	u := &unpacker{most: most, bytes: most, entries: mostEntries}
	return u, u.unpack(ctx, img, folder)
}

// unpacker writes an image's files.
type unpacker struct {
	root       *os.Root
	most       targets.Bytes // that it may write
	bytes      targets.Bytes // that it may still write
	entries    int           // likewise
	attributes attributes    // extended ones

	// upper has the paths of the layer at hand, links in them resolved: true for
	// its entries, false for the folders above those that have no entry.
	upper map[string]bool
	// whiteouts are those of the layer at hand, applied when the rest is there.
	whiteouts map[string]bool
	names     targets.Bytes // that the layer at hand may still have
	// near is the folder that the last regular file was put into, where the next mostly goes.
	near near
}

// near is a folder that is held open, for as long as nothing but regular files is written.
type near struct {
	*os.Root
	name string // as the archive has it
	path string // without links
}

func (n *near) close() {
	if n.Root != nil {
		n.Close()
	}
	*n = near{}
}

func (u *unpacker) unpack(ctx context.Context, img v1.Image, folder string) error {
	var err error
	if u.root, err = os.OpenRoot(folder); err != nil {
		return err
	}
	defer u.root.Close()
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return err
	}
	if err := checkLayers(config, len(layers)); err != nil {
		return err
	}
	for i, l := range layers {
		if err := u.layer(ctx, l, config.RootFS.DiffIDs[i]); err != nil {
			return err
		}
	}
	u.makeWorkingFolder(config.Config.WorkingDir)
	return context.Cause(ctx)
}

// makeWorkingFolder makes the folder that the image's process begins in where no layer has
// it, as the engines do. Where a file is in its place, Process says so.
func (u *unpacker) makeWorkingFolder(dir string) {
	if at, err := locate(u.root, dir); err == nil {
		_ = u.root.MkdirAll(at, 0o755)
	}
}

// cancelled is a reader that fails once its context ended.
type cancelled struct {
	context.Context
	io.Reader
}

func (c cancelled) Read(p []byte) (int, error) {
	if c.Err() != nil {
		return 0, context.Cause(c)
	}
	return c.Reader.Read(p)
}

// layer writes one layer over those below it. Its content has to have the digest, by which
// the image's own vouches for it.
func (u *unpacker) layer(ctx context.Context, l v1.Layer, digest v1.Hash) error {
	files, err := l.Uncompressed()
	if err != nil {
		return err
	}
	defer files.Close()
	defer u.near.close()
	u.upper, u.whiteouts, u.names = map[string]bool{}, map[string]bool{}, mostNames
	sum := sha256.New()
	content := readAhead(io.TeeReader(cancelled{ctx, files}, sum))
	defer content.Close()
	if err := u.archive(tar.NewReader(content)); err != nil {
		return err
	}
	for name := range u.whiteouts {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := u.whiteout(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	// What follows the archive's end is padding.
	padding, err := io.Copy(io.Discard, io.LimitReader(content, int64(u.bytes)+1))
	if err != nil {
		return err
	}
	if u.bytes -= targets.Bytes(padding); u.bytes < 0 {
		return TooLargeError{u.most}
	}
	if is := hex.EncodeToString(sum.Sum(nil)); digest.Algorithm != "sha256" || is != digest.Hex {
		return fmt.Errorf("the layer %s is damaged: its content has the digest sha256:%s", digest, is)
	}
	return nil
}

// archive writes the files of one layer.
func (u *unpacker) archive(reader *tar.Reader) error {
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := u.entry(header, reader); err != nil {
			return fmt.Errorf("%.200s: %w", header.Name, err)
		}
	}
	return nil
}

// entry takes one entry of a layer, within the bounds.
func (u *unpacker) entry(header *tar.Header, body io.Reader) error {
	u.entries--
	if isRegular(header.Typeflag) {
		u.bytes -= targets.Bytes(header.Size)
	}
	switch {
	case len(header.Name) > mostName || len(header.Linkname) > mostName:
		return errLongName
	case u.entries < 0:
		return errTooMany
	case u.bytes < 0:
		return fmt.Errorf("with its %s %w", targets.Bytes(header.Size), TooLargeError{u.most})
	case header.Typeflag == tar.TypeXGlobalHeader: // no file
		return nil
	}
	target := path.Clean("/" + header.Name)[1:]
	if strings.HasPrefix(path.Base(target), whiteoutPrefix) {
		if u.names -= targets.Bytes(len(target)); u.names < 0 {
			return errManyNames
		}
		u.whiteouts[target] = true
		return nil
	}
	if target == "" || strings.Contains("/"+target, "/"+whiteoutPrefix) { // the root itself; what AUFS keeps for itself
		return nil
	}
	return u.place(target, header, body)
}

// TooLargeError says that the layers of an image have more than this in them.
type TooLargeError struct{ Most targets.Bytes }

func (e TooLargeError) Error() string {
	return fmt.Sprintf("the image has more than %s of files in its layers, the most that is unpacked", e.Most)
}

// What an image has too much of.
var (
	errTooMany   = fmt.Errorf("the image has more than %d files, the most that is unpacked", mostEntries)
	errLongName  = fmt.Errorf("its path is longer than %d bytes", mostName)
	errManyNames = fmt.Errorf("the paths of its layer have more than %s, the most that is unpacked", mostNames)
)

// isRegular reports whether an entry of that type has a file's content.
func isRegular(kind byte) bool {
	return kind == tar.TypeReg || kind == tar.TypeGNUSparse || kind == tar.TypeCont
}

// locate resolves the links in a path, as for a process whose root this is; "." is the
// root. What does not exist stays as it is.
func locate(root *os.Root, name string) (string, error) {
	at, err := bundle.Follow(name, func(at string) (string, bool, error) {
		link, err := root.Readlink(at[1:])
		return link, err == nil, nil
	})
	return cmp.Or(strings.TrimPrefix(at, "/"), "."), err
}

// place writes one entry of a layer. Devices and pipes are left out: a
// container gets its own.
func (u *unpacker) place(target string, header *tar.Header, body io.Reader) error {
	if isRegular(header.Typeflag) {
		return u.placeFile(target, header, body)
	}
	u.near.close() // a link or a folder may change where its path leads
	folder, err := u.reach(target)
	if err != nil {
		return err
	}
	target = path.Join(folder, path.Base(target))
	if err := u.mark(target); err != nil {
		return err
	}
	if err := vacate(u.root, target, header.Typeflag == tar.TypeDir); err != nil {
		return err
	}
	switch header.Typeflag {
	case tar.TypeDir:
		left := u.entries
		err := u.makeFolder(target)
		u.entries = min(left, u.entries+1) // its entry counts already
		// The owner first: changing it takes the set-user-id bit away.
		return errors.Join(err, own(u.root, target, header.Uid, header.Gid), u.root.Chmod(target, mode(header)|ownersOwn()))
	case tar.TypeSymlink:
		return errors.Join(u.root.Symlink(header.Linkname, target), own(u.root, target, header.Uid, header.Gid))
	case tar.TypeLink:
		return u.link(header.Linkname, target)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		return nil
	}
	return fmt.Errorf("the archive has an entry of the unknown type %q", header.Typeflag)
}

// placeFile writes a regular file, with its time, by which Python takes the compiled form
// of a module.
func (u *unpacker) placeFile(target string, header *tar.Header, body io.Reader) error {
	if folder := path.Dir(target); u.near.Root == nil || u.near.name != folder {
		u.near.close()
		at, err := u.reach(target)
		if err != nil {
			return err
		}
		root, err := u.root.OpenRoot(at)
		if err != nil {
			return err
		}
		u.near = near{root, folder, at}
	}
	name := path.Base(target)
	if err := u.mark(path.Join(u.near.path, name)); err != nil {
		return err
	}
	if err := vacate(u.near.Root, name, false); err != nil {
		return err
	}
	if err := u.write(name, header, body); err != nil {
		return err
	}
	return u.near.Chtimes(name, header.ModTime, header.ModTime)
}

// reach makes the folder of an entry, and returns its path without links.
func (u *unpacker) reach(target string) (string, error) {
	folder, err := locate(u.root, path.Dir(target))
	if err != nil {
		return "", err
	}
	if len(folder) > mostName { // by links, which lead deeper each time
		return "", errLongName
	}
	return folder, u.makeFolder(folder)
}

// mark notes that the layer has an entry there.
func (u *unpacker) mark(target string) error {
	if u.names -= targets.Bytes(len(target)); u.names < 0 {
		return errManyNames
	}
	u.upper[target] = true
	for above := path.Dir(target); above != "."; above = path.Dir(above) {
		if _, in := u.upper[above]; in {
			return nil
		}
		u.upper[above] = false
	}
	return nil
}

// makeFolder makes a folder and those above it, where they are missing or
// something else is in their place.
func (u *unpacker) makeFolder(name string) error {
	info, err := u.root.Lstat(name)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		err = u.root.Remove(name)
	case ignoreAbsent(err) == nil:
		err = u.makeFolder(path.Dir(name))
	}
	if err != nil {
		return err
	}
	if u.entries--; u.entries < 0 {
		return errTooMany
	}
	return errors.Join(u.root.Mkdir(name, 0o755), u.plain(name))
}

// plain gives a folder that no entry describes to root, for all to read.
func (u *unpacker) plain(folder string) error {
	return errors.Join(own(u.root, folder, 0, 0), u.root.Chmod(folder, 0o755))
}

// link makes a hard link.
func (u *unpacker) link(to, target string) error {
	to = path.Clean("/" + to)[1:]
	folder, err := locate(u.root, path.Dir(to))
	if err != nil {
		return err
	}
	return u.root.Link(path.Join(folder, path.Base(to)), target)
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

// write writes a file of the folder that is near. The owner comes before the mode, and both
// before the attributes: to change the owner takes set-user-id and capabilities away.
func (u *unpacker) write(name string, header *tar.Header, body io.Reader) error {
	f, err := u.near.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, body)
	if os.Geteuid() == 0 {
		err = errors.Join(err, f.Chown(header.Uid, header.Gid))
	}
	err = errors.Join(err, f.Chmod(mode(header)))
	u.attributes.set(f, header)
	return errors.Join(err, f.Close())
}

// ownersOwn is what the mode of a folder has to have so that more can be put into it, for
// who is not root.
func ownersOwn() fs.FileMode {
	if os.Geteuid() == 0 {
		return 0
	}
	return 0o700
}

// own gives a file to its owner, which root alone may do.
func own(root *os.Root, target string, user, group int) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return root.Lchown(target, user, group)
}

// mode is the permissions of an entry and its set-user-id, set-group-id and
// sticky bits.
func mode(header *tar.Header) fs.FileMode {
	return header.FileInfo().Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky)
}
