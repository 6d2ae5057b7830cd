// Package disk writes the read-only disk that a guest has its root file system on: an
// ext4 file system with the files of a folder, which a Linux kernel needs no module for.
// The format is written in one pass by a library, without privileges and without a
// tool: the files go through a pipe to it as a tar archive.
package disk

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"servebench/targets"

	"github.com/Microsoft/hcsshim/ext4/tar2ext4"
	"golang.org/x/sys/unix"
)

// Format is the file system's kind, as mount(8) names it.
const Format = "ext4"

// mostBytes is the largest disk. Space for its description is set aside by it.
const mostBytes = 64 * targets.GiB

// bufferBytes are those of each buffer on the way.
const bufferBytes = int(targets.MiB)

// Write writes a disk with all that is below the folder to a new file, until ctx ends.
// Modes, owners, times, links, devices and pipes are kept, and of extended attributes
// those of regular files that an unpacked image has: capabilities, and what users set. Who is not root owns every file of a folder that an image was unpacked
// into, and the disk's are root's then; a file that even its owner may not read, such as
// /etc/shadow in some images, is empty there. Sockets are left out.
func Write(ctx context.Context, folder, file string) error {
	if err := write(ctx, folder, file); err != nil {
		return fmt.Errorf("write the guest's disk: %w", err)
	}
	return nil
}

func write(ctx context.Context, folder, file string) error {
	out, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	go func() {
		buffered := bufio.NewWriterSize(w, bufferBytes)
		err := newArchiver(ctx, folder, buffered).archive()
		if err == nil {
			err = buffered.Flush()
		}
		w.CloseWithError(err)
	}()
	err = tar2ext4.ConvertTarToExt4(bufio.NewReaderSize(r, bufferBytes), out, tar2ext4.MaximumDiskSize(int64(mostBytes)))
	r.CloseWithError(errors.New("the disk is not wanted any more"))
	return errors.Join(err, out.Close())
}

// Size returns the size of a disk. It fails where the file is none, or not whole, as a
// machine leaves it that lost its power before the disk was on its own.
func Size(file string) (targets.Bytes, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	says, _, err := tar2ext4.Ext4FileSystemSize(f)
	switch {
	case err != nil:
		return 0, fmt.Errorf("the guest's disk %s is damaged: %w", file, err)
	case says != info.Size():
		return 0, fmt.Errorf("the guest's disk %s is damaged: it has %s of %s", file, targets.Bytes(info.Size()), targets.Bytes(says))
	}
	return targets.Bytes(says), nil
}

// inode names a file, whatever its paths.
type inode struct{ device, number uint64 }

// archiver writes the files of a folder as a tar archive.
type archiver struct {
	ctx    context.Context
	folder string
	root   bool // the owners are the image's
	out    *tar.Writer
	first  map[inode]string // the first path of each file that has several
	buffer []byte
}

func newArchiver(ctx context.Context, folder string, out io.Writer) *archiver {
	return &archiver{
		ctx: ctx, folder: folder, root: os.Geteuid() == 0, out: tar.NewWriter(out),
		first: map[inode]string{}, buffer: make([]byte, bufferBytes),
	}
}

func (a *archiver) archive() error {
	if err := filepath.WalkDir(a.folder, a.add); err != nil {
		return err
	}
	return a.out.Close()
}

// add writes one file or folder.
func (a *archiver) add(path string, d fs.DirEntry, err error) error {
	if err == nil && a.ctx.Err() != nil {
		err = context.Cause(a.ctx)
	}
	if err != nil {
		return err
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSocket != 0 {
		return nil
	}
	name, err := filepath.Rel(a.folder, path)
	if err != nil {
		return err
	}
	header, err := a.describe(path, name, info)
	if err != nil {
		return err
	}
	if header.Typeflag != tar.TypeReg || header.Size == 0 {
		return a.out.WriteHeader(header)
	}
	return a.copy(header, path)
}

// describe returns the entry of a file.
func (a *archiver) describe(path, name string, info fs.FileInfo) (*tar.Header, error) {
	link := ""
	if info.Mode()&fs.ModeSymlink != 0 {
		var err error
		if link, err = os.Readlink(path); err != nil {
			return nil, err
		}
	}
	header, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return nil, err
	}
	header.Name, header.Format, header.Uname, header.Gname = name, tar.FormatPAX, "", ""
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	if !a.root {
		header.Uid, header.Gid = 0, 0
	}
	if header.Typeflag == tar.TypeReg {
		if header.PAXRecords, err = attributes(path); err != nil {
			return nil, err
		}
	}
	if stat.Nlink > 1 && !info.IsDir() {
		file := inode{uint64(stat.Dev), stat.Ino}
		if first, known := a.first[file]; known {
			header.Typeflag, header.Linkname, header.Size = tar.TypeLink, first, 0
		} else {
			a.first[file] = name
		}
	}
	return header, nil
}

// mostAttributes bounds the extended attributes of a file, their names and each value: ext4
// has a block for them.
const mostAttributes = 4096

// attributes returns the records of a file's extended attributes; nil where it has none.
func attributes(path string) (map[string]string, error) {
	var records map[string]string
	names, value := make([]byte, mostAttributes), make([]byte, mostAttributes)
	n, err := unix.Llistxattr(path, names)
	for name := range strings.FieldsFuncSeq(string(names[:max(n, 0)]), func(r rune) bool { return r == 0 }) {
		if name != "security.capability" && !strings.HasPrefix(name, "user.") {
			continue
		}
		if n, err = unix.Lgetxattr(path, name, value); err != nil {
			break
		}
		if records == nil {
			records = map[string]string{}
		}
		records["SCHILY.xattr."+name] = string(value[:n])
	}
	if err != nil && !errors.Is(err, unix.ENOTSUP) && !errors.Is(err, fs.ErrPermission) {
		return nil, &fs.PathError{Op: "read the extended attributes of", Path: path, Err: err}
	}
	return records, nil
}

// copy writes a file's entry and content.
func (a *archiver) copy(header *tar.Header, path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) && !a.root {
		header.Size = 0
		return a.out.WriteHeader(header)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := a.out.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{a.out}, struct{ io.Reader }{f}, a.buffer)
	return err
}
