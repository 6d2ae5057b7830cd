package host

import "strings"

// clockSource says what the kernel reads the time from.
func (t tree) clockSource() string {
	return t.read("sys/devices/system/clocksource/clocksource0/current_clocksource")
}

// hugePages says when the kernel backs memory by large pages on its own: the
// choice in brackets of "always [madvise] never".
func (t tree) hugePages() string {
	_, rest, _ := strings.Cut(t.read("sys/kernel/mm/transparent_hugepage/enabled"), "[")
	choice, _, _ := strings.Cut(rest, "]")
	return choice
}

// cgroup says which version of control groups is mounted.
func (t tree) cgroup() string {
	switch {
	case t.exists("sys/fs/cgroup/cgroup.controllers"):
		return "v2"
	case t.exists("sys/fs/cgroup/cpu"), t.exists("sys/fs/cgroup/memory"):
		return "v1"
	case t.exists("sys/fs/cgroup"):
		return "none mounted"
	}
	return ""
}
