package local

import (
	"syscall"
	"unsafe"
)

// unread is the number of bytes that a pipe holds; 0 when it is not known.
func unread(fd int) int {
	var n int32
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TIOCINQ, uintptr(unsafe.Pointer(&n))); errno != 0 {
		return 0
	}
	return int(n)
}
