package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"servebench/targets"

	"golang.org/x/sys/unix"
)

// made is when the files of a tree were written, to the nanosecond.
var made = time.Unix(1_700_000_000, 123_456_789)

// tree makes a folder with every kind of file that images have.
func tree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	check := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	in := func(name string) string { return filepath.Join(root, name) }
	check(os.Chmod(root, 0o711))
	for name, mode := range map[string]fs.FileMode{"usr": 0o755, "usr/bin": 0o755, "tmp": 0o777 | fs.ModeSticky, "secret": 0o700, "many": 0o750, "empty": 0o555} {
		check(os.MkdirAll(in(name), 0o755), os.Chmod(in(name), mode))
	}
	big := make([]byte, 3*targets.MiB+17)
	for n := range big {
		big[n] = byte(rand.Uint32())
	}
	for name, text := range map[string]string{"usr/bin/server": string(big), "none": "", "block": strings.Repeat("x", 4096), strings.Repeat("n", 255): "long", "sp ace\n": "odd", ".wh.kept": "not a whiteout here"} {
		check(os.WriteFile(in(name), []byte(text), 0o640))
	}
	check(os.Chmod(in("usr/bin/server"), 0o755|fs.ModeSetuid|fs.ModeSetgid))
	for n := range 3000 {
		check(os.WriteFile(in(fmt.Sprintf("many/file-with-a-name-%d", n)), []byte(fmt.Sprint(n)), 0o600))
	}
	check(os.Symlink("/usr/bin/server", in("absolute")), os.Symlink("../"+strings.Repeat("far/", 100), in("usr/dangling")))
	check(os.Link(in("usr/bin/server"), in("usr/bin/twin")), os.Link(in("absolute"), in("usr/twin-link")))
	check(unix.Mkfifo(in("pipe"), 0o620))
	if os.Geteuid() == 0 {
		check(os.Lchown(in("secret"), 1000, 70_000), os.Lchown(in("absolute"), 12, 13), os.Chown(in("none"), 65534, 65534))
		check(unix.Mknod(in("device"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
		// Version 2, CAP_NET_BIND_SERVICE permitted and effective.
		value := []byte{1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
		check(unix.Setxattr(in("block"), "security.capability", value, 0))
		check(unix.Setxattr(in("block"), "user.mark", []byte("set by a user"), 0))
	}
	check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		return errors.Join(err, unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{unix.NsecToTimespec(made.UnixNano()), unix.NsecToTimespec(made.UnixNano())}, unix.AT_SYMLINK_NOFOLLOW))
	}))
	return root
}

// list describes every file below a folder, its content included.
func list(t *testing.T, root string) []string {
	t.Helper()
	var lines []string
	numbers := map[uint64]int{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		if name == "lost+found" {
			return fs.SkipDir
		}
		stat := info.Sys().(*syscall.Stat_t)
		if _, known := numbers[stat.Ino]; !known {
			numbers[stat.Ino] = len(numbers)
		}
		line := fmt.Sprintf("%q %v %d:%d %s", name, info.Mode(), stat.Uid, stat.Gid, info.ModTime().UTC().Format(time.RFC3339Nano))
		if !info.IsDir() {
			line += fmt.Sprintf(" file %d of %d names, device %x", numbers[stat.Ino], stat.Nlink, stat.Rdev)
		}
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			to, err := os.Readlink(path)
			if err != nil {
				return err
			}
			line += " to " + to
		case info.Mode().IsRegular():
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			extended, err := attributes(path)
			if err != nil {
				return err
			}
			line += fmt.Sprintf(" %d bytes %x %x", len(text), fnv(text), fmt.Sprint(extended))
		}
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// fnv is a checksum.
func fnv(text []byte) uint64 {
	sum := uint64(14695981039346656037)
	for _, b := range text {
		sum = (sum ^ uint64(b)) * 1099511628211
	}
	return sum
}

// The kernel reads back what was written, to the last attribute.
func TestDiskHoldsEveryFile(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount the disk to read it back; run as root")
	}
	root, file, at := tree(t), filepath.Join(t.TempDir(), "disk"), t.TempDir()
	if err := Write(t.Context(), root, file); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", Format, "-o", "loop,ro", file, at).CombinedOutput(); err != nil {
		t.Skipf("the disk cannot be mounted to read it back, which takes loop devices: %v: %s", err, out)
	}
	defer func() {
		if out, err := exec.Command("umount", at).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	}()
	want, got := list(t, root), list(t, at)
	for n := range max(len(want), len(got)) {
		if n >= len(want) || n >= len(got) || want[n] != got[n] {
			t.Fatalf("file %d: on the disk\n%s\nwant\n%s", n, slices.Concat(got, []string{"none"})[min(n, len(got))], slices.Concat(want, []string{"none"})[min(n, len(want))])
		}
	}
}

// The tool that repairs such file systems finds nothing to repair that a file system
// has which nobody writes to: the library leaves the end of the last bitmap of inodes
// empty, from where new ones would be taken.
func TestDiskIsSound(t *testing.T) {
	tool, err := exec.LookPath("e2fsck")
	if err != nil {
		t.Skipf("e2fsck, which examines the disk, is not in PATH: %v", err)
	}
	file := filepath.Join(t.TempDir(), "disk")
	if err := Write(t.Context(), tree(t), file); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool, "-f", "-n", file).CombinedOutput()
	if end, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || end.ExitCode() != 4) {
		t.Fatalf("%v: %s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "?") && !strings.HasPrefix(line, "Padding at end of inode bitmap is not set.") {
			t.Errorf("e2fsck finds: %s", line)
		}
	}
}

func TestWriteFails(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	cancel(stop)
	dir := t.TempDir()
	if err := Write(ctx, tree(t), filepath.Join(dir, "cancelled")); !errors.Is(err, stop) {
		t.Errorf("error %v, want the context's", err)
	}
	gone := filepath.Join(dir, "gone")
	if err := Write(t.Context(), gone, filepath.Join(dir, "disk")); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), gone) {
		t.Errorf("error %v does not name the folder", err)
	}
	there := filepath.Join(dir, "disk")
	if err := Write(t.Context(), dir, there); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v, want that the file is there", err)
	}
}

// Who is not root cannot read some files of an image that is unpacked here.
func TestFileThatItsOwnerMayNotRead(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "shadow"), []byte("root:*:"), 0); err != nil {
		t.Fatal(err)
	}
	if f, err := os.Open(filepath.Join(root, "shadow")); err == nil {
		f.Close()
		t.Skip("root may read every file; run as another user")
	}
	file := filepath.Join(t.TempDir(), "disk")
	if err := Write(t.Context(), root, file); err != nil {
		t.Fatal(err)
	}
	if size, err := Size(file); err != nil || size == 0 {
		t.Errorf("Size = %d, %v", size, err)
	}
}

func TestSize(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "disk")
	if err := Write(t.Context(), t.TempDir(), file); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if size, err := Size(file); err != nil || int64(size) != info.Size() {
		t.Errorf("Size = %d, %v, want %d", size, err, info.Size())
	}
	for name, length := range map[string]int64{"cut short": info.Size() - 4096, "empty": 0} {
		if err := os.Truncate(file, length); err != nil {
			t.Fatal(err)
		}
		if _, err := Size(file); err == nil || !strings.Contains(err.Error(), file+" is damaged") {
			t.Errorf("%s: error %v does not say that %s is damaged", name, err, file)
		}
	}
	if err := os.WriteFile(file, make([]byte, 8192), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Size(file); err == nil || !strings.Contains(err.Error(), "not an ext4 file system") {
		t.Errorf("error %v of a file of zeros", err)
	}
}

func FuzzSize(f *testing.F) {
	dir := f.TempDir()
	file := filepath.Join(dir, "disk")
	if err := Write(f.Context(), f.TempDir(), file); err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text[:8192])
	f.Add(make([]byte, 1024))
	f.Fuzz(func(t *testing.T, text []byte) {
		file := filepath.Join(t.TempDir(), "disk")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if size, err := Size(file); err == nil && int(size) != len(text) {
			t.Errorf("Size = %d of %d bytes", size, len(text))
		}
	})
}

// A file that shrinks while it is read is a fault and no disk.
func TestFileThatShrinks(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "log")
	if err := os.WriteFile(file, make([]byte, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	go func() { _, _ = io.Copy(io.Discard, r) }()
	a := newArchiver(t.Context(), root, w)
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	info, err := entries[0].Info()
	if err != nil {
		t.Fatal(err)
	}
	header, err := a.describe(file, "log", info)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Truncate(file, 10), a.copy(header, file)); err != nil {
		t.Fatal(err)
	}
	if err := a.out.Close(); err == nil {
		t.Error("the archive takes a file that is shorter than it said")
	}
}

func BenchmarkWrite(b *testing.B) {
	root := b.TempDir()
	text := make([]byte, 64*targets.KiB)
	for n := range 4096 {
		if err := os.WriteFile(filepath.Join(root, fmt.Sprint(n)), text, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(4096 * int64(len(text)))
	dir := b.TempDir()
	for n := 0; b.Loop(); n++ {
		file := filepath.Join(dir, fmt.Sprint(n))
		if err := errors.Join(Write(b.Context(), root, file), os.Remove(file)); err != nil {
			b.Fatal(err)
		}
	}
}
