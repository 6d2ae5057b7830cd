package vm

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// pair returns the two ends of a connection: ours, and one to hand to a child.
func pair() (net.Conn, *os.File, error) {
	syscall.ForkLock.RLock() // no child may have the ends in between
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(ends[0])
		syscall.CloseOnExec(ends[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("connect the guest's console: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(ends[0]), "console"), os.NewFile(uintptr(ends[1]), "console")
	defer ours.Close() // FileConn has its own
	conn, err := net.FileConn(ours)
	if err != nil {
		theirs.Close()
		return nil, nil, fmt.Errorf("connect the guest's console: %w", err)
	}
	return conn, theirs, nil
}
