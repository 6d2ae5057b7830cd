//go:build unix

package attack

import (
	"time"

	"golang.org/x/sys/unix"
)

// processCPU returns the user and system time this process has spent.
func processCPU() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
