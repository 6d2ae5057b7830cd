package host

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"servebench/reports/record"

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
		{Name: "CPU", Value: cpuModel()},
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

// root is this machine's file system.
func root() tree { return tree{os.DirFS("/")} }

// kernelFacts are those that the kernel tells in files, "" where it does not.
func kernelFacts(t tree) []record.Fact {
	return []record.Fact{
		{Name: "machine", Value: t.machine()},
		{Name: "CPU governor", Value: t.governor()},
		{Name: "CPU boost", Value: t.boost()},
		{Name: "hyper-threads", Value: t.threads()},
		{Name: "NUMA nodes", Value: t.nodes()},
		{Name: "clock source", Value: t.clockSource()},
		{Name: "huge pages", Value: t.hugePages()},
		{Name: "cgroup", Value: t.cgroup()},
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
