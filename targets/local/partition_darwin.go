package local

import (
	"fmt"

	"servebench/targets"
)

// onlyHere are the kinds of faults that other systems lack.
func onlyHere() []string { return nil }

// CutOff fails: there are no such networks here.
func CutOff(int) (targets.Injected, error) { return targets.Injected{}, errLinux }

func (Prey) partition() (targets.Injected, error) {
	return targets.Injected{}, fmt.Errorf("inject %s: %w", targets.NetworkPartition, errLinux)
}
