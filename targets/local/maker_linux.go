package local

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Self is this process as a maker.
func Self() Maker {
	m := Maker{PID: os.Getpid(), Space: space()}
	if s, err := readStat(m.PID); err == nil {
		m.Start = s.start
	}
	return m
}

// space is the inode of this process's namespace of process ids, see
// pid_namespaces(7); 0 where it is not known.
func space() uint64 {
	link, _ := os.Readlink("/proc/self/ns/pid") // "pid:[4026531836]"
	inode, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(link, "pid:["), "]"), 10, 64)
	if err != nil {
		return 0
	}
	return inode
}

// gone reports whether the process ended for certain.
func (m Maker) gone() bool {
	if m.Space != space() {
		return false
	}
	if errors.Is(syscall.Kill(m.PID, 0), syscall.ESRCH) {
		return true
	}
	// It may be another process by now, or one that nobody waited for yet.
	s, err := readStat(m.PID)
	return err == nil && (s.start != m.Start || s.dead)
}
