package pid1

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// cgroups is where the guest's control groups are.
const cgroups = "/sys/fs/cgroup"

// mountPoint is a file system to mount.
type mountPoint struct {
	path, kind string
	flags      uintptr
	data       string
}

// mountPoints are those that servers expect, in order.
func mountPoints() []mountPoint {
	const closed = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	return []mountPoint{
		{"/proc", "proc", closed, ""},
		{"/sys", "sysfs", closed, ""},
		{cgroups, "cgroup2", closed, ""},
		{"/dev", "devtmpfs", unix.MS_NOSUID, "mode=755"},
		{"/dev/pts", "devpts", unix.MS_NOSUID | unix.MS_NOEXEC, "ptmxmode=0666"},
		{"/dev/shm", "tmpfs", closed, "mode=1777"},
		{"/tmp", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, "mode=1777"},
	}
}

func mountAll() error {
	for _, m := range mountPoints() {
		if err := os.MkdirAll(m.path, 0o755); err != nil {
			return fmt.Errorf("mount %s: %w", m.path, err)
		}
		if err := unix.Mount(m.kind, m.path, m.kind, m.flags, m.data); err != nil {
			return fmt.Errorf("mount %s: %w", m.path, err)
		}
	}
	if err := unix.Sethostname([]byte("servebench")); err != nil {
		return fmt.Errorf("set the host's name: %w", err)
	}
	return nil
}
