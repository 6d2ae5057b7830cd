package host

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"servebench/targets/local"

	"golang.org/x/sys/unix"
)

// Raise gives every thread of this process, and those it starts from now on,
// the lowest real-time priority, before which all ordinary processes stand back:
// what else runs on the generator's CPUs then does not delay its requests. The
// function it returns gives every thread back what it had, and a thread started
// meanwhile what the first one had; call it before a process is started that
// shall not inherit the priority. Raise needs CAP_SYS_NICE, and leaves nothing
// raised when it fails.
func Raise() (restore func() error, err error) {
	first, err := unix.SchedGetAttr(os.Getpid(), 0)
	if err != nil {
		return nil, fmt.Errorf("read priority: %w", err)
	}
	before := map[int]*unix.SchedAttr{}
	restore = func() error {
		return local.EachThread(os.Getpid(), func(tid int) error {
			return unix.SchedSetAttr(tid, cmp.Or(before[tid], first), 0)
		})
	}
	err = local.EachThread(os.Getpid(), func(tid int) error {
		attr, err := unix.SchedGetAttr(tid, 0)
		if err != nil {
			return err
		}
		before[tid] = attr
		return unix.SchedSetAttr(tid, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_RR, Priority: 1}, 0)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("raise priority: %w", err), restore())
	}
	return restore, nil
}
