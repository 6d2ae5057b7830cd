package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"servebench/targets"
	"servebench/targets/local/privileges"

	"golang.org/x/sys/unix"
)

// CheckRoot reports whether a process can have a Root here, and if not, which command
// would make it so.
func CheckRoot() *targets.Unavailable {
	if os.Geteuid() != 0 {
		return &targets.Unavailable{Why: "a process can be given a root folder by root alone", Fix: targets.AsRoot(targets.Program() + " run")}
	}
	return nil
}

// mount mounts the file system for the calling thread and the processes that it
// starts from now on. The thread has to be locked, and may do nothing else ever after.
// It returns why what is written is held in memory; nil when it is on disk.
func (r *Root) mount() (inMemory, err error) {
	if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_FS); err != nil {
		return nil, fmt.Errorf("make a mount namespace, which needs root and CAP_SYS_ADMIN: %w", err)
	}
	unix.Umask(0o022) // a container's, whatever this process's is
	// What is mounted here stays here; what is unmounted elsewhere goes here as well.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return nil, fmt.Errorf("make the mounts private: %w", err)
	}
	inMemory, err = r.overlay()
	if err != nil {
		return nil, fmt.Errorf("mount the image: %w", err)
	}
	if !r.Enter {
		return inMemory, nil
	}
	if err := r.furnish(); err != nil {
		return nil, err
	}
	return inMemory, privileges.Keep(privileges.Usual())
}

// overlay mounts the layers. Not every file system can hold the upper one, such as
// that of a container: then it is in memory.
func (r *Root) overlay() (inMemory, err error) {
	if r.Upper == "" {
		return nil, r.readOnly()
	}
	refused := r.writable(r.Upper)
	if refused == nil {
		return nil, nil
	}
	if err := unix.Mount("tmpfs", r.Mount, "tmpfs", unix.MS_NODEV, "mode=755"); err != nil {
		return nil, refused
	}
	if err := r.writable(r.Mount); err != nil { // it was not for the folder
		return nil, err
	}
	return refused, nil
}

// writable mounts the layers with what is written in a folder.
func (r *Root) writable(folder string) error {
	files, work := filepath.Join(folder, "files"), filepath.Join(folder, "work")
	for _, dir := range []string{files, work} {
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if err := r.mountOverlay(0, "upperdir="+escape(files), "workdir="+escape(work)); err != nil {
		return fmt.Errorf("the kernel takes no overlay of %s written to %s: %w", strings.Join(r.Layers, ", "), folder, err)
	}
	return nil
}

// readOnly mounts the layers alone; the kernel takes no overlay of one.
func (r *Root) readOnly() error {
	if len(r.Layers) > 1 {
		return r.mountOverlay(unix.MS_RDONLY)
	}
	if err := unix.Mount(r.Layers[0], r.Mount, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	return unix.Mount("", r.Mount, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|unix.MS_NODEV, "")
}

func (r *Root) mountOverlay(flags uintptr, options ...string) error {
	var layers []string
	for _, layer := range r.Layers {
		layers = append(layers, escape(layer))
	}
	options = append(options, "lowerdir="+strings.Join(layers, ":"))
	err := unix.Mount("overlay", r.Mount, "overlay", unix.MS_NODEV|flags, strings.Join(options, ","))
	if errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("the kernel has no overlay file system, which modprobe overlay may bring: %w", err)
	}
	return err
}

// escape writes a folder for the options of an overlay, which it separates by commas and
// colons.
func escape(folder string) string {
	return strings.NewReplacer(`\`, `\\`, `,`, `\,`, `:`, `\:`).Replace(folder)
}

// furnish mounts what every process expects. It does so from inside, where no link in
// the image leads out.
func (r *Root) furnish() error {
	sources := map[string]*os.File{}
	for _, name := range []string{"dev", "sys"} {
		dir, err := os.Open("/" + name)
		if err != nil {
			return fmt.Errorf("mount /%s: %w", name, err)
		}
		defer dir.Close()
		sources[name] = dir
	}
	bind := func(name string) error {
		return unix.Mount(fmt.Sprintf("/proc/self/fd/%d", sources[name].Fd()), "/"+name, "", unix.MS_BIND|unix.MS_REC, "")
	}
	return r.inside(func() error {
		closed := uintptr(unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC)
		if err := unix.Mount("proc", "/proc", "proc", closed, ""); err != nil {
			return fmt.Errorf("mount /proc: %w", err)
		}
		if err := bind("dev"); err != nil {
			return fmt.Errorf("mount /dev: %w", err)
		}
		if err := errors.Join(bind("sys"), protect("/sys")); err != nil {
			return fmt.Errorf("mount /sys: %w", err)
		}
		if info, err := os.Lstat("/dev/shm"); err != nil || !info.IsDir() {
			return nil // this machine has none to take the place of
		}
		// As large as Docker has it.
		if err := unix.Mount("shm", "/dev/shm", "tmpfs", closed, "mode=1777,size=64m"); err != nil {
			return fmt.Errorf("mount /dev/shm: %w", err)
		}
		return nil
	})
}

// protect makes a mount read-only, with those below it where the kernel can (5.12).
func protect(dir string) error {
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	if err := unix.MountSetattr(unix.AT_FDCWD, dir, unix.AT_RECURSIVE, &attr); !errors.Is(err, unix.ENOSYS) {
		return err
	}
	return unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "")
}

// inside calls do with the file system as the root folder of the calling thread, which
// has a view of its own.
func (r *Root) inside(do func() error) error {
	outside, err := os.Open("/")
	if err != nil {
		return err
	}
	defer outside.Close()
	if err := errors.Join(unix.Chroot(r.Mount), unix.Chdir("/")); err != nil {
		return fmt.Errorf("enter the root folder %s: %w", r.Mount, err)
	}
	failed := do()
	if err := errors.Join(unix.Fchdir(int(outside.Fd())), unix.Chroot(".")); err != nil {
		return errors.Join(failed, fmt.Errorf("leave the root folder %s: %w", r.Mount, err))
	}
	return failed
}

// onMainThread reports whether the calling thread is the one for which the world takes
// this process: its mount namespace and root folder have to stay this machine's.
func onMainThread() bool { return unix.Gettid() == os.Getpid() }
