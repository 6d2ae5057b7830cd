package host

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"servebench/targets"
)

// cpuFolder is where the kernel tells about the processors, see
// Documentation/ABI/testing/sysfs-devices-system-cpu of the Linux sources.
const cpuFolder = "sys/devices/system/cpu/"

// governor says who decides on the processors' frequencies: one for all, or
// which CPUs have which. In a guest the host decides, and nothing is exposed.
func (t tree) governor() string {
	found := map[string][]int{}
	for _, file := range t.glob(cpuFolder + "cpu[0-9]*/cpufreq/scaling_governor") {
		number := strings.TrimPrefix(path.Base(path.Dir(path.Dir(file))), "cpu")
		if n, err := strconv.Atoi(number); err == nil {
			found[t.read(file)] = append(found[t.read(file)], n)
		}
	}
	names := slices.Sorted(maps.Keys(found))
	switch {
	case len(names) == 1:
		return names[0]
	case len(names) > 1:
		for i, name := range names {
			names[i] = name + " on " + targets.FormatCPUs(found[name])
		}
		return strings.Join(names, ", ")
	case t.exists(cpuFolder + "online"):
		return "none exposed"
	}
	return ""
}

// boost says whether the processors may run faster than their nominal
// frequency, as long as they stay cool: figures then depend on what ran before.
func (t tree) boost() string {
	switch {
	case t.read(cpuFolder+"intel_pstate/no_turbo") == "0", t.read(cpuFolder+"cpufreq/boost") == "1":
		return "on"
	case t.read(cpuFolder+"intel_pstate/no_turbo") == "1", t.read(cpuFolder+"cpufreq/boost") == "0":
		return "off"
	}
	return ""
}

// threads says whether several CPUs share a processor core.
func (t tree) threads() string {
	switch state := t.read(cpuFolder + "smt/control"); state {
	case "notsupported", "notimplemented":
		return "none"
	case "forceoff":
		return "off"
	default:
		return state
	}
}

// nodes counts the parts of the machine with memory of their own.
func (t tree) nodes() string {
	nodes, err := targets.ParseCPUs(t.read("sys/devices/system/node/online"))
	if err != nil {
		return ""
	}
	return strconv.Itoa(len(nodes))
}

// mitigations sums up the CPU flaws: on which of them the kernel spends time,
// and which of them are open; one may be both, mitigated in part.
func (t tree) mitigations() string {
	files := t.glob(cpuFolder + "vulnerabilities/*")
	if len(files) == 0 {
		return ""
	}
	var active, open []string
	for _, file := range files {
		// "Mitigation: …; SMT vulnerable", "KVM: Vulnerable", "Processor vulnerable"
		state := strings.ToLower(t.read(file))
		if strings.Contains(state, "mitigation") {
			active = append(active, path.Base(file))
		}
		if strings.Contains(state, "vulnerable") {
			open = append(open, path.Base(file))
		}
	}
	text := "none active"
	if len(active) > 0 {
		text = "active: " + strings.Join(active, ", ")
	}
	if len(open) > 0 {
		text += "; vulnerable: " + strings.Join(open, ", ")
	}
	return fmt.Sprintf("%s; known flaws: %d", text, len(files))
}
