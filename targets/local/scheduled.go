package local

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Scheduled is what the threads of some processes had of the CPUs.
type Scheduled struct {
	Ran    time.Duration // on a CPU
	Waited time.Duration // for one, while they could have run
	// Longest is the most that one thread waited.
	Longest time.Duration
}

// ScheduledOf returns that of the processes since they began, their threads that ended left
// out; nothing where the kernel does not say it (/proc/PID/schedstat).
func ScheduledOf(pids ...int) Scheduled {
	var all Scheduled
	for _, pid := range pids {
		files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid)) // the pattern is well formed
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil { // it ended meanwhile
				continue
			}
			var ran, waited int64
			if _, err := fmt.Sscan(string(text), &ran, &waited); err == nil {
				all.Ran += time.Duration(ran)
				all.Waited += time.Duration(waited)
				all.Longest = max(all.Longest, time.Duration(waited))
			}
		}
	}
	return all
}
