package pid1

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
	"time"

	"servebench/targets/vm/guest"

	"golang.org/x/sys/unix"
)

// Where the parts of an image's root file system are mounted before it is entered.
const (
	lowerDir = "/run/image"   // the disk, read-only
	aboveDir = "/run/written" // what is written, in memory
	rootDir  = "/run/root"    // both, one over the other
)

// enterRoot mounts the image's files, with a file system in memory over them that
// takes what is written, and makes them the root: what was mounted for servers moves
// along. An image need not have the folders for that.
func enterRoot(r guest.Root) error {
	// The modules are loaded, and this memory is the server's.
	if err := os.RemoveAll(guest.ModulesDir); err != nil {
		return err
	}
	if err := mountRoot(r); err != nil {
		return fmt.Errorf("mount the image's root file system: %w", err)
	}
	for _, point := range []string{"/proc", "/sys", "/dev"} {
		inside := rootDir + point
		if err := makeFolder(inside, 0o755); err != nil {
			return fmt.Errorf("the image has something at %s that is no folder, where every server expects one: %w", point, err)
		}
		if err := unix.Mount(point, inside, "", unix.MS_MOVE, ""); err != nil {
			return fmt.Errorf("move %s into the image's root file system: %w", point, err)
		}
	}
	if err := os.Chdir(rootDir); err != nil {
		return err
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("make the image's root file system the root: %w", err)
	}
	if err := unix.Chroot("."); err != nil {
		return fmt.Errorf("make the image's root file system the root: %w", err)
	}
	return errors.Join(os.Chdir("/"), furnish())
}

// diskError is why a disk cannot be mounted.
type diskError struct {
	root guest.Root
	err  error
}

func (e *diskError) Error() string {
	return fmt.Sprintf("the disk %s with %s: %v", e.root.Device, e.root.Kind, e.err)
}

// mountRoot mounts the disk, which its driver may find a moment after it was loaded,
// and the file system in memory over it.
func mountRoot(r guest.Root) error {
	for _, dir := range []string{lowerDir, aboveDir, rootDir} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	err := unix.Mount(r.Device, lowerDir, r.Kind, unix.MS_RDONLY, "")
	for deadline := time.Now().Add(deviceWait); errors.Is(err, unix.ENOENT) && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
		err = unix.Mount(r.Device, lowerDir, r.Kind, unix.MS_RDONLY, "")
	}
	if err != nil {
		return &diskError{r, err}
	}
	if err := unix.Mount("tmpfs", aboveDir, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("the file system in memory: %w", err)
	}
	upper, work := path.Join(aboveDir, "upper"), path.Join(aboveDir, "work")
	info, err := os.Stat(lowerDir)
	if err != nil {
		return err
	}
	// The root folder is the upper one's.
	if err := errors.Join(os.Mkdir(upper, 0o755), os.Chmod(upper, info.Mode()), os.Mkdir(work, 0o755)); err != nil {
		return err
	}
	if err := unix.Mount("overlay", rootDir, "overlay", 0, fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", lowerDir, upper, work)); err != nil {
		return fmt.Errorf("overlay: %w", err)
	}
	return nil
}

// makeFolder makes a folder unless it is there, and takes nothing else for one.
func makeFolder(dir string, mode fs.FileMode) error {
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.Join(os.Mkdir(dir, mode.Perm()), os.Chmod(dir, mode))
	}
	if err == nil && !info.IsDir() {
		return fmt.Errorf("its mode is %v", info.Mode())
	}
	return err
}

// furnish puts into the root what an image leaves to whoever runs it.
func furnish() error {
	if info, err := os.Lstat("/tmp"); err != nil || !info.IsDir() {
		if err := errors.Join(os.RemoveAll("/tmp"), makeFolder("/tmp", 0o777|fs.ModeSticky)); err != nil {
			return fmt.Errorf("make /tmp: %w", err)
		}
	}
	if err := os.MkdirAll("/etc", 0o755); err != nil {
		return fmt.Errorf("make /etc: %w", err)
	}
	for name, text := range guest.Files() {
		// The image's own may be a link.
		if err := os.RemoveAll(name); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// openFiles is how many files a process may have open, as Docker Engine lets it: the
// kernel's 1024 are fewer than a load has connections.
const openFiles = 1 << 20

// loosen lifts the kernel's defaults to what servers have in containers: open files, and
// ports below 1024 for everybody.
func loosen() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: openFiles, Max: openFiles}); err != nil {
		return fmt.Errorf("raise the limit of open files: %w", err)
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte("0"), 0); err != nil {
		return fmt.Errorf("open the low ports to everybody: %w", err)
	}
	return nil
}

// standardFiles makes the names of a process's own files, which the kernel does not.
func standardFiles() error {
	for name, to := range map[string]string{"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"} {
		if err := os.Symlink(to, filepath.Join("/dev", name)); err != nil {
			return err
		}
	}
	return nil
}
