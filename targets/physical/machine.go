package physical

import (
	"os"
	"slices"
	"strings"

	"servebench/targets"
)

// machine says what "this machine" is: a guest of a hypervisor shows in the
// CPU's flags, its maker in the firmware's tables.
func machine() targets.Fact {
	info, _ := os.ReadFile("/proc/cpuinfo") // not there: not known
	value := nature(string(info))
	if product := product(); product != "" {
		value += " (" + product + ")"
	}
	return targets.Fact{Name: "machine", Value: value}
}

// nature reads the text of /proc/cpuinfo: hypervisors set a flag on x86; other
// processors do not tell.
func nature(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		if flags, ok := strings.CutPrefix(line, "flags"); ok {
			if slices.Contains(strings.Fields(flags), "hypervisor") {
				return "itself a virtual machine"
			}
			return "bare metal"
		}
	}
	return "not known whether bare metal or virtual"
}

// product names the machine as its firmware does; "" when that says nothing.
func product() string {
	var words []string
	for _, name := range []string{"sys_vendor", "product_name"} {
		text, err := os.ReadFile("/sys/class/dmi/id/" + name)
		if word := strings.TrimSpace(string(text)); err == nil && word != "" {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}
