package bundle

import (
	"io/fs"
	"syscall"
)

// Stamp tells one state of a file from another: the kernel gives it a new one whenever
// its content or attributes change. The zero value is that of no file.
type Stamp struct {
	Device, Inode   uint64
	Size            int64
	Modified, State int64 // times of the last change of the content, and of anything, in ns
	Mode            uint32
}

// StampAt is the stamp of a file, and of a link itself.
func StampAt(path string) Stamp {
	var st syscall.Stat_t
	if err := syscall.Lstat(path, &st); err != nil {
		return Stamp{}
	}
	return stamp(&st)
}

// stampOf is the stamp of a file that was looked at.
func stampOf(info fs.FileInfo) Stamp { return stamp(info.Sys().(*syscall.Stat_t)) }
