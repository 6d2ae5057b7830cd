package local

import (
	"fmt"
	"os"
	"slices"

	"servebench/targets"
)

// Applied reads back from the kernel which limits a server's process is under
// and says where they are not those asked for. why is the reason when the
// memory limit could not be set; nil when it was.
func Applied(pid int, w targets.Workload, why error) []targets.Fact {
	return []targets.Fact{cpuFact(pid, w.CPUSet), memoryFact(pid, w.Limits.Memory, why), processorsFact(w.Limits)}
}

func cpuFact(pid int, want []int) targets.Fact {
	got, err := Pinned(pid)
	switch {
	case err != nil:
		return targets.Fact{Name: "CPUs", Value: fmt.Sprintf("not known: %v", err), Unequal: true}
	case len(want) > 0 && !slices.Equal(got, slices.Compact(slices.Sorted(slices.Values(want)))):
		return targets.Fact{Name: "CPUs", Value: fmt.Sprintf("%s, asked for %s", targets.FormatCPUs(got), targets.FormatCPUs(want)), Unequal: true}
	case len(want) == 0:
		return targets.Fact{Name: "CPUs", Value: targets.FormatCPUs(got) + ", not pinned"}
	}
	return targets.Fact{Name: "CPUs", Value: targets.FormatCPUs(got)}
}

func memoryFact(pid int, want targets.Bytes, why error) targets.Fact {
	got, err := memoryLimit(pid)
	if err == nil && why != nil {
		err = why
	}
	switch {
	case want == 0 && got == 0:
		return targets.Fact{Name: "memory limit", Value: "none"}
	case want == 0:
		return targets.Fact{Name: "memory limit", Value: got.String() + ", not asked for", Unequal: true}
	case got == want/pageSize()*pageSize():
		return targets.Fact{Name: "memory limit", Value: want.String()}
	case err != nil:
		return targets.Fact{Name: "memory limit", Value: fmt.Sprintf("%s, not enforced: %v", want, err), Unequal: true}
	}
	return targets.Fact{Name: "memory limit", Value: fmt.Sprintf("%s in force, asked for %s", got, want), Unequal: true}
}

func memoryLimit(pid int) (targets.Bytes, error) {
	group, err := FindCgroup(pid)
	if err != nil {
		return 0, err
	}
	return group.MemoryLimit()
}

// pageSize is what the kernel rounds a limit down to.
func pageSize() targets.Bytes { return targets.Bytes(os.Getpagesize()) }
