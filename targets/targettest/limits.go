package targettest

import (
	"errors"
	"io/fs"
	"os"
	"slices"

	"servebench/targets"
	"servebench/targets/local"
)

func cpuSet(p *subject) {
	allowed, err := local.Pinned(os.Getpid())
	if err != nil {
		p.Skipf("the CPU set of this process is not known, so none can be chosen: %v", err)
	}
	w := p.workload()
	w.CPUSet, w.Limits.CPUs = allowed[len(allowed)-1:], 1
	d := p.deploy(w)
	var r report
	p.must(d, "GET", "/report", &r)
	want := targets.FormatCPUs(w.CPUSet)
	if got := p.fact(d, "CPUs").Value; got != want {
		p.Errorf("the fact says the CPUs %q, want %q", got, want)
	}
	if p.Guest {
		if len(p.processes()) == 0 {
			p.Error("nothing in sight carries the machine")
		}
		want = "0"
	}
	if r.CPUs != want {
		p.Errorf("the server sees the CPUs %q, want %q", r.CPUs, want)
	}
	if r.GOMAXPROCS != 1 {
		p.Errorf("GOMAXPROCS is %d, want the number of CPUs", r.GOMAXPROCS)
	}
	for _, s := range p.processes() {
		p.pinned(s, w.CPUSet)
	}
}

// pinned checks that every thread of a process is on the CPUs.
func (p *subject) pinned(s seen, cpus []int) {
	p.Helper()
	err := local.EachThread(s.pid, func(thread int) error {
		got, err := local.Pinned(thread)
		if errors.Is(err, fs.ErrNotExist) { // it ended meanwhile
			return nil
		}
		if err == nil && !slices.Equal(got, cpus) {
			p.Errorf("%s has a thread on the CPUs %s, want %s", s, targets.FormatCPUs(got), targets.FormatCPUs(cpus))
		}
		return err
	})
	if err != nil {
		p.Errorf("read the CPU set of %s: %v", s, err)
	}
}

func memoryLimit(p *subject) {
	w := p.workload()
	w.Limits.Memory = 64 * targets.MiB
	d := p.deploy(w)
	fact := p.fact(d, "memory limit")
	if fact.Unequal {
		p.Skipf("the memory limit cannot be enforced here, as the deployment says: %s", fact.Value)
	}
	if fact.Value != "64MiB" {
		p.Errorf("memory limit %q, want 64MiB", fact.Value)
	}
	p.must(d, "POST", "/hold?mib=16", nil)
	if p.Replaces {
		p.replaced(d, func() { p.fails(d, "/hold?mib=128") })
		return
	}
	if err := p.ask(d, "POST", "/hold?mib=128", nil); err == nil {
		p.Fatal("the server holds more memory than its limit")
	}
	p.quotes(p.ended(d), "memory")
}
