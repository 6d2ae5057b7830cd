package host

import (
	"os"
	"runtime"
	"slices"
	"strings"
)

// machine says whether this is bare metal or itself a guest: a figure from a
// guest includes its host's noise. The maker's name, from the firmware's
// tables, goes with it.
func machine() string {
	if runtime.GOOS != "linux" {
		return ""
	}
	info, _ := os.ReadFile("/proc/cpuinfo") // not there: not known
	kind := nature(string(info))
	product := strings.TrimSpace(read("/sys/class/dmi/id/sys_vendor") + " " + read("/sys/class/dmi/id/product_name"))
	if product != "" {
		kind += " (" + product + ")"
	}
	return kind
}

// nature reads the text of /proc/cpuinfo: hypervisors set a flag on x86; other
// processors do not tell.
func nature(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		if flags, ok := strings.CutPrefix(line, "flags"); ok {
			if slices.Contains(strings.Fields(flags), "hypervisor") {
				return "a virtual machine"
			}
			return "bare metal"
		}
	}
	return "not known whether bare metal or a virtual machine"
}
