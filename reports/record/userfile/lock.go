package userfile

import (
	"errors"
	"os"
	"syscall"
)

// ErrLocked says that another process has locked a file.
var ErrLocked = errors.New("another process has locked it")

// Lock locks a file or folder for this process until it is closed, without waiting:
// ErrLocked where another has. Any other error says that the file system has no locks.
func Lock(f *os.File) error { return flock(f, syscall.LOCK_EX) }

// LockShared locks it together with others that do so.
func LockShared(f *os.File) error { return flock(f, syscall.LOCK_SH) }

func flock(f *os.File, how int) error {
	err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrLocked
	}
	return err
}
