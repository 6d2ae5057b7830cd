//go:build !linux

package host

import (
	"errors"
	"runtime"
)

// CPUs returns the numbers of the CPUs that this process may run on.
func CPUs() ([]int, error) {
	cpus := make([]int, runtime.NumCPU())
	for i := range cpus {
		cpus[i] = i
	}
	return cpus, nil
}

// Pin fails: this system has no CPU affinity that a process can set.
func Pin([]int) (restore func(), err error) {
	return nil, errors.New("pin to CPUs: " + runtime.GOOS + " has no CPU affinity for processes")
}

// Raise fails: it is only known how to on Linux.
func Raise() (restore func(), err error) {
	return nil, errors.New("raise priority: not on " + runtime.GOOS)
}

// KeepAwake fails: it is only known how to on Linux.
func KeepAwake() (restore func(), err error) {
	return nil, errors.New("keep CPUs awake: not on " + runtime.GOOS)
}
