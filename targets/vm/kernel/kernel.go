// Package kernel finds the Linux kernel that the VM target's guest boots, and
// its modules. A kernel is a bzImage, as distributions ship them for x86-64: the
// one that this machine runs itself, one that was fetched into a cache folder,
// or one that the user names. Nothing is installed; files are read where they
// lie, laid out as in a Debian package: ROOT/boot/vmlinuz-VERSION beside
// ROOT/lib/modules/VERSION.
package kernel

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"servebench/reports/record/userfile"
)

// Kernel is a kernel to boot.
type Kernel struct {
	Path    string // of the bzImage
	Version string // "6.1.0-56-cloud-amd64", as the kernel itself says it
	modules string // the folder of its modules, which may not exist
}

// headerBytes hold a bzImage's header and the text of its version, which lies
// within the set-up code: at most 64 sectors of 512 bytes.
const headerBytes = 64 * 512

// Read looks at the kernel in a file.
func Read(path string) (*Kernel, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("read the guest's kernel: %w", err)
	}
	f, err := userfile.Open(path, userfile.NoLimit)
	if err != nil {
		return nil, fmt.Errorf("read the guest's kernel: %w", err)
	}
	defer f.Close()
	header := make([]byte, headerBytes)
	n, err := io.ReadFull(f, header)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the guest's kernel: %w", err)
	}
	version, err := parseHeader(header[:n])
	if err != nil {
		return nil, fmt.Errorf("read the guest's kernel %s: %w", path, err)
	}
	return &Kernel{Path: path, Version: version, modules: modulesOf(path, version)}, nil
}

// modulesOf returns the folder of a kernel's modules: beside the folder that
// the kernel lies in, lib or usr/lib.
func modulesOf(path, version string) string {
	root := filepath.Dir(filepath.Dir(path))
	dir := filepath.Join(root, "lib", "modules", version)
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	merged := filepath.Join(root, "usr", "lib", "modules", version)
	if _, err := os.Stat(merged); err == nil {
		return merged
	}
	return dir
}
