package host

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"servebench/reports/record"

	"github.com/shirou/gopsutil/v4/cpu"
	gohost "github.com/shirou/gopsutil/v4/host"
	"github.com/shirou/gopsutil/v4/load"
	"github.com/shirou/gopsutil/v4/mem"
)

// Facts describes the machine: what matters for a latency and can be found
// out. What cannot is left out rather than guessed.
func Facts() []record.Fact {
	var facts []record.Fact
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, record.Fact{Name: name, Value: value})
		}
	}
	add("CPU", cpuModel())
	add("CPUs", fmt.Sprint(runtime.NumCPU()))
	add("machine", machine())
	if m, err := mem.VirtualMemory(); err == nil {
		add("memory", fmt.Sprintf("%.1f GiB", float64(m.Total)/(1<<30)))
	}
	if h, err := gohost.Info(); err == nil {
		add("system", strings.TrimSpace(h.Platform+" "+h.PlatformVersion))
		add("kernel", h.KernelVersion+" "+h.KernelArch)
	}
	add("CPU governor", read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"))
	add("hyper-threads", read("/sys/devices/system/cpu/smt/control"))
	add("cgroup", cgroupVersion())
	add("mitigations", mitigations())
	if l, err := load.Avg(); err == nil {
		add("load before", fmt.Sprintf("%.2f (1 min average)", l.Load1))
	}
	add("Go", runtime.Version())
	return facts
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

func cgroupVersion() string {
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		return "v2"
	}
	if _, err := os.Stat("/sys/fs/cgroup/cpu"); err == nil {
		return "v1"
	}
	return ""
}

// mitigations names the CPU flaws that the kernel spends time on.
func mitigations() string {
	paths, _ := filepath.Glob("/sys/devices/system/cpu/vulnerabilities/*") // the pattern is well formed
	var active []string
	for _, path := range paths {
		if strings.HasPrefix(read(path), "Mitigation") {
			active = append(active, filepath.Base(path))
		}
	}
	if len(paths) == 0 {
		return ""
	}
	if len(active) == 0 {
		return "none active"
	}
	return strings.Join(active, ", ")
}

// read returns a small file's trimmed text, "" when there is none.
func read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
