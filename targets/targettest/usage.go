package targettest

import (
	"path/filepath"
	"time"

	"servebench/targets"
)

func usage(p *subject) {
	d := p.deploy(p.workload())
	began := time.Now()
	p.spent(d, time.Time{}, began)
	p.must(d, "POST", "/hold?mib=32", nil)
	after := p.burn(d, began)
	if most := time.Since(began) * time.Duration(machineCPUs()); after.CPU > most {
		p.Errorf("usage shows %s of CPU time, more than the %s that there were", after.CPU, most)
	}
	if after.Resident < 32*targets.MiB || after.Resident > 8*targets.GiB {
		p.Errorf("usage shows %s resident, the server holds 32MiB and little else", after.Resident)
	}
}

// burn makes the server spend CPU time, which the usage has to show, and returns
// the usage since the moment given. A guest counts by a clock of its own, which goes
// on while the host runs something else: it is asked until the work shows.
func (p *subject) burn(d *targets.Deployment, since time.Time) targets.Usage {
	p.Helper()
	const work, most = 300 * time.Millisecond, 20
	for asked := 1; ; asked++ {
		p.must(d, "POST", "/burn?ms=300", nil)
		used := p.spent(d, since, time.Now())
		// Where the account comes from /proc, its steps are of 10 ms, user and
		// system apart.
		if used.CPU >= work-40*time.Millisecond {
			return used
		}
		if !p.Guest || asked == most {
			p.Errorf("usage shows %s of CPU time, the server spent at least %s", used.CPU, work)
			return used
		}
	}
}

// spent is what the deployment used in an interval.
func (p *subject) spent(d *targets.Deployment, from, to time.Time) targets.Usage {
	p.Helper()
	usage, err := d.Usage(p.Context(), from, to)
	if err != nil {
		p.Fatalf("Usage: %v", err)
	}
	return usage
}

// machineCPUs counts the machine's CPUs, whatever this process may use of them.
func machineCPUs() int {
	cpus, _ := filepath.Glob("/sys/devices/system/cpu/cpu[0-9]*")
	return max(len(cpus), 1)
}
