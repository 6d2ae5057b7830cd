package targets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// FormatCPUs writes CPU numbers as the kernel does: "0-2,5".
func FormatCPUs(cpus []int) string {
	sorted := slices.Compact(slices.Sorted(slices.Values(cpus)))
	var parts []string
	for i := 0; i < len(sorted); {
		end := i
		for end+1 < len(sorted) && sorted[end+1] == sorted[end]+1 {
			end++
		}
		part := strconv.Itoa(sorted[i])
		if end > i {
			part += "-" + strconv.Itoa(sorted[end])
		}
		parts = append(parts, part)
		i = end + 1
	}
	return strings.Join(parts, ",")
}

// ParseCPUs reads what FormatCPUs writes: numbers from 0 to 8191, the most
// that a Linux kernel is built for.
func ParseCPUs(list string) ([]int, error) {
	var cpus []int
	for part := range strings.SplitSeq(strings.TrimSpace(list), ",") {
		from, to, ranged := strings.Cut(part, "-")
		if !ranged {
			to = from
		}
		first, err1 := strconv.ParseUint(from, 10, 13)
		last, err2 := strconv.ParseUint(to, 10, 13)
		if err1 != nil || err2 != nil || first > last {
			return nil, fmt.Errorf("CPU list %q is not like 0-2,5", list)
		}
		for cpu := first; cpu <= last; cpu++ {
			cpus = append(cpus, int(cpu))
		}
	}
	slices.Sort(cpus)
	return slices.Compact(cpus), nil
}
