package host

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"servebench/reports/record"
	"servebench/targets"

	"github.com/shirou/gopsutil/v4/cpu"
	gohost "github.com/shirou/gopsutil/v4/host"
	"github.com/shirou/gopsutil/v4/load"
	"github.com/shirou/gopsutil/v4/mem"
)

// unknown is the value of a fact that this system does not tell. It is said and
// not left out: who compares two machines sees what is not known of one.
const unknown = "not known"

// Facts describes the machine: what matters for a latency. The names stay the
// same from run to run, and all of them are always there. None is Unequal: the
// machine is the same for every target.
func Facts() []record.Fact {
	facts := []record.Fact{
		{Name: record.FactCPU, Value: cpuModel()},
		{Name: record.FactArchitecture, Value: runtime.GOARCH},
		{Name: "CPUs", Value: fmt.Sprint(runtime.NumCPU())},
		{Name: "memory", Value: memory()},
	}
	facts = append(facts, system()...)
	facts = append(facts, kernelFacts(root())...)
	facts = append(facts,
		record.Fact{Name: "load before", Value: loadBefore()},
		record.Fact{Name: "Go", Value: runtime.Version()},
	)
	for i, fact := range facts {
		if fact.Value == "" {
			facts[i].Value = unknown
		}
	}
	return facts
}

// kernelFacts are those that the kernel tells in files, "" where it does not.
func kernelFacts(t tree) []record.Fact {
	return []record.Fact{
		{Name: "machine", Value: t.machineKind()},
		{Name: "CPU governor", Value: t.governor()},
		{Name: "CPU boost", Value: t.boost()},
		{Name: "hyper-threads", Value: t.hyperThreads()},
		{Name: "NUMA nodes", Value: t.numaNodes()},
		{Name: "clock source", Value: t.clockSource()},
		{Name: "huge pages", Value: t.hugePages()},
		{Name: "cgroup", Value: t.cgroupVersion()},
		{Name: "mitigations", Value: t.mitigations()},
	}
}

func cpuModel() string {
	infos, err := cpu.Info()
	if err != nil || len(infos) == 0 {
		return ""
	}
	model := strings.Join(strings.Fields(infos[0].ModelName), " ")
	if infos[0].Mhz > 0 {
		model += fmt.Sprintf(", %.0f MHz", infos[0].Mhz)
	}
	return model
}

func memory() string {
	m, err := mem.VirtualMemory()
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%.1f GiB", float64(m.Total)/(1<<30))
}

func system() []record.Fact {
	var name, kernel string
	if h, err := gohost.Info(); err == nil {
		name = strings.TrimSpace(h.Platform + " " + h.PlatformVersion)
		kernel = strings.TrimSpace(h.KernelVersion + " " + h.KernelArch)
	}
	return []record.Fact{{Name: "system", Value: name}, {Name: "kernel", Value: kernel}}
}

func loadBefore() string {
	l, err := load.Avg()
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%.2f (1 min average)", l.Load1)
}

// tree is a file system in which the kernel tells about the machine: / with
// /proc and /sys, or a made up one.
type tree struct{ fs.FS }

// root is this machine's file system.
func root() tree { return tree{os.DirFS("/")} }

// read returns a small file's trimmed text, "" when there is none. It lets the
// file system itself read: some files of /proc give all they have to the first
// read alone, which package fs makes of one byte.
func (t tree) read(path string) string {
	text, err := fs.ReadFile(t.FS, path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

func (t tree) glob(pattern string) []string {
	paths, _ := fs.Glob(t, pattern) // the patterns here are well formed
	return paths
}

func (t tree) exists(path string) bool {
	_, err := fs.Stat(t, path)
	return err == nil
}

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

func (t tree) cgroupVersion() string {
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

// machineKind says whether this is bare metal or itself a guest: a figure from a
// guest includes its host's noise. The maker's name, from the firmware's
// tables, goes with it.
func (t tree) machineKind() string {
	info := t.read("proc/cpuinfo")
	if info == "" {
		return ""
	}
	if product := strings.TrimSpace(t.read("sys/class/dmi/id/sys_vendor") + " " + t.read("sys/class/dmi/id/product_name")); product != "" {
		return natureOf(info) + " (" + product + ")"
	}
	return natureOf(info)
}

const (
	guest     = "a virtual machine"
	bareMetal = "bare metal"
)

// natureOf reads the text of /proc/cpuinfo: hypervisors set a flag on x86; other
// processors do not tell.
func natureOf(cpuinfo string) string {
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

// Halts says that the kernel has no say in the idle states of this machine's CPUs: see KeepAwake.
func Halts() bool { return root().halts() }

// halts says that an idle CPU of this guest halts, which is the hypervisor's to end: the kernel has
// no driver for idle states, whose choice could be limited.
func (t tree) halts() bool {
	driver := t.read(cpuFolder + "cpuidle/current_driver")
	return natureOf(t.read("proc/cpuinfo")) == guest && (driver == "" || driver == "none")
}

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

func (t tree) hyperThreads() string {
	switch state := t.read(cpuFolder + "smt/control"); state {
	case "notsupported", "notimplemented":
		return "none"
	case "forceoff":
		return "off"
	default:
		return state
	}
}

func (t tree) numaNodes() string {
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
