package host

import (
	"runtime"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// files makes a file system of texts by path.
func files(texts map[string]string) tree {
	t := fstest.MapFS{}
	for path, text := range texts {
		t[path] = &fstest.MapFile{Data: []byte(text)}
	}
	return tree{t}
}

// aServer is a machine with everything exposed; aGuest has next to nothing.
func aServer() tree {
	return files(map[string]string{
		"proc/cpuinfo":                                                    "processor\t: 0\nflags\t\t: fpu lm\n",
		"sys/class/dmi/id/sys_vendor":                                     "Maker\n",
		"sys/class/dmi/id/product_name":                                   "R1\n",
		cpuFolder + "online":                                              "0-3\n",
		cpuFolder + "cpu0/cpufreq/scaling_governor":                       "performance\n",
		cpuFolder + "cpu1/cpufreq/scaling_governor":                       "performance\n",
		cpuFolder + "cpu10/cpufreq/scaling_governor":                      "powersave\n",
		cpuFolder + "cpu2/cpufreq/scaling_governor":                       "powersave\n",
		cpuFolder + "intel_pstate/no_turbo":                               "0\n",
		cpuFolder + "smt/control":                                         "on\n",
		cpuFolder + "vulnerabilities/meltdown":                            "Mitigation: PTI\n",
		cpuFolder + "vulnerabilities/itlb_multihit":                       "KVM: Mitigation: VMX disabled\n",
		cpuFolder + "vulnerabilities/mds":                                 "Vulnerable: Clear CPU buffers attempted, no microcode\n",
		cpuFolder + "vulnerabilities/mmio_stale_data":                     "Mitigation: Clear CPU buffers; SMT vulnerable\n",
		cpuFolder + "vulnerabilities/l1tf":                                "Not affected\n",
		"sys/devices/system/node/online":                                  "0-1\n",
		"sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
		"sys/kernel/mm/transparent_hugepage/enabled":                      "always [madvise] never\n",
		"sys/fs/cgroup/cgroup.controllers":                                "cpu memory\n",
	})
}

func aGuest() tree {
	return files(map[string]string{
		"proc/cpuinfo":                     "flags\t\t: fpu hypervisor lm\n",
		cpuFolder + "online":               "0-1\n",
		cpuFolder + "smt/control":          "notsupported\n",
		cpuFolder + "cpufreq/boost":        "0\n",
		cpuFolder + "vulnerabilities/l1tf": "Not affected\n",
		"sys/fs/cgroup/memory/memory.stat": "",
	})
}

func TestKernelFacts(t *testing.T) {
	for name, c := range map[string]struct {
		tree tree
		want []string
	}{
		"server": {aServer(), []string{
			"bare metal (Maker R1)", "performance on 0-1, powersave on 2,10", "on", "on", "2", "tsc", "madvise", "v2",
			"active: itlb_multihit, meltdown, mmio_stale_data; vulnerable: mds, mmio_stale_data; known flaws: 5",
		}},
		"guest":                {aGuest(), []string{"a virtual machine", "none exposed", "off", "none", "", "", "", "v1", "none active; known flaws: 1"}},
		"no /proc and no /sys": {files(nil), make([]string, 9)},
	} {
		var got []string
		for _, fact := range kernelFacts(c.tree) {
			got = append(got, fact.Value)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Every fact is there on every machine, once, and says so when it is not known.
func TestFactsOfThisMachine(t *testing.T) {
	var names []string
	for _, fact := range Facts() {
		names = append(names, fact.Name)
		if fact.Value == "" || fact.Unequal {
			t.Errorf("%+v, want a value, and equal for every target", fact)
		}
		if fact.Value == unknown && runtime.GOOS == "linux" && (fact.Name == "kernel" || fact.Name == "memory") {
			t.Errorf("%s is %s on Linux", fact.Name, unknown)
		}
	}
	want := []string{"CPU", "architecture", "CPUs", "memory", "system", "kernel"}
	for _, fact := range kernelFacts(files(nil)) {
		want = append(want, fact.Name)
	}
	if diff := cmp.Diff(append(want, "load before", "Go"), names); diff != "" {
		t.Error(diff)
	}
}

func TestNature(t *testing.T) {
	for text, want := range map[string]string{
		"processor\t: 0\nflags\t\t: fpu hypervisor lm\n": "a virtual machine",
		"flags\t\t: fpu vme lm\n":                        "bare metal",
		"flags\t\t: fpu hypervisors\n":                   "bare metal",
		"Features\t: fp asimd\n":                         "not known whether bare metal or a virtual machine",
		"":                                               "not known whether bare metal or a virtual machine",
	} {
		if got := natureOf(text); got != want {
			t.Errorf("nature(%q) = %q, want %q", text, got, want)
		}
	}
}
