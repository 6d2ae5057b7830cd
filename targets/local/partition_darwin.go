package local

import (
	"fmt"

	"servebench/targets"
)

// onlyHere are the kinds of faults that other systems lack.
func onlyHere() []string { return nil }

func (Prey) partition() (targets.Injected, error) {
	return targets.Injected{}, fmt.Errorf("inject %s: %w", targets.NetworkPartition, errLinux)
}
