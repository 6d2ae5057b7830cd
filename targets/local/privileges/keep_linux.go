package privileges

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Keep takes from the processes that the calling thread starts, which has to be locked, all
// capabilities but the usual ones of that name, and the way to new ones. The thread keeps
// its own, but gives up the rest for good: it is of no other use.
func Keep(names []string) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("forbid new privileges: %w", err)
	}
	kept := map[int]bool{}
	for _, name := range names {
		number, known := usual[name]
		if !known {
			return fmt.Errorf("keep capability %s: it is none of the usual ones", name)
		}
		kept[number] = true
	}
	for number := 0; ; number++ {
		if _, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(number), 0, 0, 0); err != nil {
			return nil // the kernel has no more
		}
		if kept[number] {
			continue
		}
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(number), 0, 0, 0); err != nil {
			return fmt.Errorf("drop capability %d: %w", number, err)
		}
	}
}
