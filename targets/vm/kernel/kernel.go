// Package kernel finds the Linux kernel that the VM target's guest boots, and
// its modules. A kernel is a bzImage, as distributions ship them for x86-64: the
// one that this machine runs itself, one that was fetched into a cache folder,
// or one that the user names. Nothing is installed; files are read where they
// lie, laid out as in a Debian package: ROOT/boot/vmlinuz-VERSION beside
// ROOT/lib/modules/VERSION.
package kernel

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

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

// Find returns the kernel to boot where the user names none: that of this
// machine, which is the same for the server in the guest as on the machine, if
// it can be read and has the modules wanted, else the newest one below the
// folder dir, where each has a folder named PACKAGE_VERSION. The modules are as
// Kernel.Modules returns them.
func Find(dir string, modules []string) (*Kernel, []Module, error) {
	own, found, err1 := running("/", modules)
	if err1 == nil {
		return own, found, nil
	}
	cached, found, err2 := newest(dir, modules)
	if err2 == nil {
		return cached, found, nil
	}
	return nil, nil, fmt.Errorf("%w, and this machine's own kernel does not serve (%w)", err2, err1)
}

// running returns the kernel that this machine runs.
func running(root string, modules []string) (*Kernel, []Module, error) {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return nil, nil, err
	}
	return usable(filepath.Join(root, "boot", "vmlinuz-"+strings.TrimSpace(string(release))), modules)
}

// newest returns the newest kernel of a cache folder that can be used.
func newest(dir string, modules []string) (*Kernel, []Module, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*_*", "boot", "vmlinuz-*"))
	if err != nil || len(paths) == 0 {
		return nil, nil, errors.Join(fmt.Errorf("there is no guest kernel in %s", dir), err)
	}
	slices.SortFunc(paths, func(a, b string) int { return compareVersions(b, a) })
	var failed error
	for _, path := range paths {
		k, found, err := usable(path, modules)
		if err == nil {
			return k, found, nil
		}
		failed = errors.Join(failed, err)
	}
	return nil, nil, fmt.Errorf("no guest kernel in %s can be used: %w", dir, failed)
}

// usable returns the kernel with all the modules wanted, if they are at hand.
func usable(path string, modules []string) (*Kernel, []Module, error) {
	k, err := Read(path)
	if err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(k.modules); err != nil {
		return nil, nil, err
	}
	found, err := k.Modules(modules...)
	if err != nil {
		return nil, nil, err
	}
	return k, found, nil
}

// compareVersions orders names by the numbers in them: 6.1.0-9 before 6.1.0-56.
func compareVersions(a, b string) int {
	for a != "" && b != "" {
		x, restA := token(a)
		y, restB := token(b)
		if c := compareTokens(x, y); c != 0 {
			return c
		}
		a, b = restA, restB
	}
	return len(a) - len(b)
}

// token splits off the digits that a text begins with, or all up to the first
// one.
func token(s string) (first, rest string) {
	number := isDigit(rune(s[0]))
	if i := strings.IndexFunc(s, func(r rune) bool { return isDigit(r) != number }); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// compareTokens compares numbers by value, everything else as text.
func compareTokens(x, y string) int {
	if isDigit(rune(x[0])) && isDigit(rune(y[0])) {
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		if len(x) != len(y) {
			return len(x) - len(y)
		}
	}
	return strings.Compare(x, y)
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// Offsets in the header of a bzImage, see "The Linux/x86 Boot Protocol" in the
// kernel's documentation.
const (
	magicAt    = 0x202 // "HdrS"
	versionPtr = 0x20e // 16 bits: where the version's text is, less 0x200
	headerEnd  = 0x210
)

// errNoKernel says what a guest's kernel has to be.
var errNoKernel = errors.New("it is no Linux kernel for x86: want a bzImage, which distributions install as /boot/vmlinuz-VERSION")

// parseHeader reads the beginning of a bzImage and returns the kernel's
// version: the first word of a text like "6.1.0-56-cloud-amd64 (debian-…) #1 SMP".
func parseHeader(header []byte) (string, error) {
	if len(header) < headerEnd || string(header[magicAt:magicAt+4]) != "HdrS" {
		return "", errNoKernel
	}
	at := int(binary.LittleEndian.Uint16(header[versionPtr:])) + 0x200
	if at >= len(header) {
		return "", errNoKernel
	}
	text, _, ended := bytes.Cut(header[at:], []byte{0})
	version, _, _ := strings.Cut(string(text), " ")
	// It becomes part of a path.
	if !ended || version == "" || strings.ContainsFunc(version, odd) || strings.Trim(version, ".") == "" {
		return "", errNoKernel
	}
	return version, nil
}

// odd reports whether a version has no such character.
func odd(r rune) bool { return r <= ' ' || r > '~' || r == '/' }

// sumsFile lies beside a kernel that was fetched, as sha256sum(1) writes it.
const sumsFile = "SHA256SUMS"

// Checksum returns the kernel's SHA-256 in hexadecimal digits. It fails where a
// file SHA256SUMS beside the kernel names another one.
func (k *Kernel) Checksum() (string, error) {
	f, err := os.Open(k.Path)
	if err != nil {
		return "", fmt.Errorf("checksum the guest's kernel: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("checksum the guest's kernel: %w", err)
	}
	got := hex.EncodeToString(sum.Sum(nil))
	file := filepath.Join(filepath.Dir(k.Path), sumsFile)
	want, err := noted(file, filepath.Base(k.Path))
	if err != nil {
		return "", fmt.Errorf("checksum the guest's kernel: %w", err)
	}
	if want != "" && !strings.EqualFold(got, want) {
		return "", fmt.Errorf("the guest's kernel %s is not the one that was fetched: its SHA-256 is %s, and in %s it is %s", k.Path, got, file, want)
	}
	return got, nil
}

// noted returns the checksum that a list has for a file of that name; "" where
// there is no list, or the file is not in it.
func noted(list, name string) (string, error) {
	f, err := os.Open(list)
	if os.IsNotExist(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		sum, file, _ := strings.Cut(lines.Text(), " ")
		// A space or an asterisk is before the name: text, or binary.
		if strings.TrimLeft(file, " *") == name {
			return sum, nil
		}
	}
	return "", lines.Err()
}
