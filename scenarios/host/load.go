package host

import (
	"servebench/reports/record"

	"github.com/shirou/gopsutil/v4/cpu"
)

// Watch begins to watch the CPUs of the whole machine. The function it returns
// tells what they did since then; not known where the system does not say.
func Watch() func() record.Machine {
	before, err := cpu.Times(false)
	return func() record.Machine {
		after, errAfter := cpu.Times(false)
		if err != nil || errAfter != nil || len(before) != 1 || len(after) != 1 {
			return record.Machine{}
		}
		return share(before[0], after[0])
	}
}

func share(before, after cpu.TimesStat) record.Machine {
	stolen := after.Steal - before.Steal
	idle := after.Idle - before.Idle + after.Iowait - before.Iowait
	busy := after.User - before.User + after.System - before.System + after.Nice - before.Nice +
		after.Irq - before.Irq + after.Softirq - before.Softirq
	all := stolen + idle + busy
	if all <= 0 {
		return record.Machine{}
	}
	return record.Machine{Known: true, Stolen: stolen / all, Busy: busy / all}
}
