// Package host knows the machine that a run takes place on: which CPUs there
// are to share out between the load generator and the target, and the facts
// about it that a reader of the results needs. The orchestration in scenarios
// uses it; what it finds goes into the record.
package host

import (
	"os"
	"runtime"
	"time"

	"servebench/reports/record"
	"servebench/targets/local"

	"github.com/shirou/gopsutil/v4/cpu"
)

// Split is how the CPUs are shared out.
type Split struct {
	Generator []int
	Target    []int
	// Shared says that the generator and the target compete for the same
	// CPUs, because there are too few to keep them apart.
	Shared bool
}

// Share gives the last n of the CPUs to the target and the others to the
// generator. Where none would be left for the generator, the target's share is
// cut down to leave it one; where there is only one, both share it.
func Share(cpus []int, n int) Split {
	if len(cpus) <= 1 {
		return Split{Generator: cpus, Target: cpus, Shared: true}
	}
	n = min(n, len(cpus)-1)
	cut := len(cpus) - n
	return Split{Generator: cpus[:cut:cut], Target: cpus[cut:]}
}

// CPUs returns the numbers of the CPUs that this process may run on.
func CPUs() ([]int, error) { return local.Pinned(os.Getpid()) }

// Pin keeps every thread of this process, and those it starts from now on, on
// the given CPUs, and GOMAXPROCS at their number. The function it returns takes
// that back.
func Pin(cpus []int) (restore func(), err error) {
	before, err := CPUs()
	if err != nil {
		return nil, err
	}
	if err := local.PinProcess(os.Getpid(), cpus); err != nil {
		return nil, err
	}
	procs := runtime.GOMAXPROCS(len(cpus))
	return func() {
		_ = local.PinProcess(os.Getpid(), before) // it held before, so it can be had again
		runtime.GOMAXPROCS(procs)
	}, nil
}

// Watch begins to watch the CPUs of the whole machine. The function it returns
// tells what they did since then, but for a time that they were Awake instead of idle; not
// known where the system does not say.
func Watch() func(awake time.Duration) record.Machine {
	before, err := cpu.Times(false)
	return func(awake time.Duration) record.Machine {
		after, errAfter := cpu.Times(false)
		if err != nil || errAfter != nil || len(before) != 1 || len(after) != 1 {
			return record.Machine{}
		}
		return share(before[0], after[0], awake)
	}
}

func share(before, after cpu.TimesStat, awake time.Duration) record.Machine {
	stolen := after.Steal - before.Steal
	idle := after.Idle - before.Idle + after.Iowait - before.Iowait
	busy := after.User - before.User + after.System - before.System + after.Nice - before.Nice +
		after.Irq - before.Irq + after.Softirq - before.Softirq
	all := stolen + idle + busy
	busy = max(0, busy-awake.Seconds())
	if all <= 0 {
		return record.Machine{}
	}
	return record.Machine{Known: true, Stolen: stolen / all, Busy: busy / all}
}
