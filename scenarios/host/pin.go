package host

import (
	"os"
	"runtime"

	"servebench/targets/local"
)

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
