package physical

import (
	"os"
	"strings"

	"servebench/targets"
)

// machine says what "this machine" is: a guest of a hypervisor shows in the
// CPU's flags, its maker in the firmware's tables.
func machine() targets.Fact {
	value := "bare metal"
	info, err := os.ReadFile("/proc/cpuinfo")
	switch {
	case err != nil:
		value = "not known"
	case isGuest(string(info)):
		value = "itself a virtual machine"
	}
	if product := product(); product != "" {
		value += " (" + product + ")"
	}
	return targets.Fact{Name: "machine", Value: value}
}

// isGuest reports whether the text of /proc/cpuinfo has the flag that
// hypervisors set.
func isGuest(cpuinfo string) bool {
	for line := range strings.Lines(cpuinfo) {
		if strings.HasPrefix(line, "flags") {
			return strings.Contains(strings.TrimSpace(line)+" ", " hypervisor ")
		}
	}
	return false
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
