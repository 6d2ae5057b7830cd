package host

import (
	"slices"
	"strings"
)

// machine says whether this is bare metal or itself a guest: a figure from a
// guest includes its host's noise. The maker's name, from the firmware's
// tables, goes with it.
func (t tree) machine() string {
	info := t.read("proc/cpuinfo")
	if info == "" {
		return ""
	}
	kind := nature(info)
	product := strings.TrimSpace(t.read("sys/class/dmi/id/sys_vendor") + " " + t.read("sys/class/dmi/id/product_name"))
	if product != "" {
		kind += " (" + product + ")"
	}
	return kind
}

// The natures of a machine.
const (
	guest     = "a virtual machine"
	bareMetal = "bare metal"
)

// nature reads the text of /proc/cpuinfo: hypervisors set a flag on x86; other
// processors do not tell.
func nature(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		if flags, ok := strings.CutPrefix(line, "flags"); ok {
			if slices.Contains(strings.Fields(flags), "hypervisor") {
				return guest
			}
			return bareMetal
		}
	}
	return "not known whether bare metal or a virtual machine"
}
