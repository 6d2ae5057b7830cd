package targettest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"servebench/targets"
	"servebench/targets/process"
)

// report is what the test server says about its surroundings.
type report struct {
	Args, Env  []string
	Began      time.Time
	GOMAXPROCS int
	CPUs       string
}

func answers(p *place) {
	called := time.Now()
	d := p.deploy(p.workload())
	took := time.Since(called)
	p.must(d, "GET", "/ready", nil)
	var names []string
	for _, s := range d.Stages {
		names = append(names, s.Name)
	}
	if want := []string{targets.Started, targets.Listening, targets.Ready}; !slices.Equal(names, want) {
		p.Errorf("stages %v, want %v", names, want)
	}
	if at := d.Stages[len(d.Stages)-1].At; d.Began.Before(called) || at > took {
		p.Errorf("stages from %s to %s after the call, which took %s", d.Began.Sub(called), at, took)
	}
	if err := d.Err(); err != nil {
		p.Errorf("Err while it runs: %v", err)
	}
	p.close(d)
	if err := d.Err(); err != nil {
		p.Errorf("Err after Close: %v", err)
	}
	if err := p.ask(d, "GET", "/ready", nil); err == nil {
		p.Error("the server answers after Close")
	}
}

func surroundings(p *place) {
	w := p.workload("MODEL=credit", "HOME=/elsewhere")
	w.Command = append(w.Command, "--verbose")
	if !p.Replaces {
		w.Command = append(w.Command, "--listen={host}:{port}")
	}
	w.Limits.GOMAXPROCS = 3
	d := p.deploy(w)
	var r report
	p.must(d, "GET", "/report", &r)
	env := p.environment(r)
	for key, want := range map[string]string{"MODEL": "credit", "HOME": "/elsewhere", "GOMAXPROCS": "3"} {
		if env[key] != want {
			p.Errorf("%s is %q in the server's environment, want %q", key, env[key], want)
		}
	}
	p.addressed(r, env)
	if _, there := env["SHELL"]; there || env["PATH"] == "" {
		p.Errorf("environment %q is not the minimal one", r.Env)
	}
	if r.GOMAXPROCS != 3 || p.fact(d, "GOMAXPROCS").Value != "3" {
		p.Errorf("GOMAXPROCS %d, fact %q, want 3", r.GOMAXPROCS, p.fact(d, "GOMAXPROCS").Value)
	}
}

// environment returns the server's environment by key.
func (p *place) environment(r report) map[string]string {
	p.Helper()
	env := map[string]string{}
	for _, pair := range r.Env {
		key, value, _ := strings.Cut(pair, "=")
		if _, twice := env[key]; twice {
			p.Errorf("%s is twice in the environment", key)
		}
		env[key] = value
	}
	return env
}

// addressed checks that the server was told where to listen, or where its work
// comes from and nothing untrue.
func (p *place) addressed(r report, env map[string]string) {
	p.Helper()
	want := []string{"--verbose", "--listen=" + env["HOST"] + ":" + env["PORT"]}
	if p.Replaces {
		want = want[:1]
		_, host := env["HOST"]
		_, port := env["PORT"]
		if env["AWS_LAMBDA_RUNTIME_API"] == "" || host || port {
			p.Errorf("environment %q: want AWS_LAMBDA_RUNTIME_API in it, and neither HOST nor PORT", r.Env)
		}
	}
	if len(r.Args) == 0 || !slices.Equal(r.Args[1:], want) {
		p.Errorf("arguments %q, want the executable and %q", r.Args, want)
	}
}

func cpuSet(p *place) {
	allowed, err := process.Pinned(os.Getpid())
	if err != nil {
		p.Skipf("the CPU set of this process is not known, so none can be chosen: %v", err)
	}
	w := p.workload()
	w.Limits.CPUs = allowed[len(allowed)-1:]
	d := p.deploy(w)
	var r report
	p.must(d, "GET", "/report", &r)
	want := targets.FormatCPUs(w.Limits.CPUs)
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
		p.pinned(s, w.Limits.CPUs)
	}
}

// pinned checks that every thread of a process is on the CPUs.
func (p *place) pinned(s seen, cpus []int) {
	p.Helper()
	err := process.EachThread(s.pid, func(thread int) error {
		got, err := process.Pinned(thread)
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

func memoryLimit(p *place) {
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

func several(p *place) {
	one, two := p.deploy(p.workload("NAME=one")), p.deploy(p.workload("NAME=two"))
	if one.Endpoint.URL == two.Endpoint.URL {
		p.Fatalf("both deployments answer at %s", one.Endpoint.URL)
	}
	p.close(one)
	var r report
	p.must(two, "GET", "/report", &r)
	if !slices.Contains(r.Env, "NAME=two") {
		p.Errorf("the second deployment has the environment %q", r.Env)
	}
	p.deploy(p.workload()) // a target can be used again after Close
}

func usage(p *place) {
	began := time.Now()
	d := p.deploy(p.workload())
	before, err := d.Usage()
	if err != nil {
		p.Fatalf("Usage: %v", err)
	}
	p.must(d, "POST", "/hold?mib=32", nil)
	after := p.burn(d, before)
	if most := time.Since(began) * time.Duration(machineCPUs()); after.CPU > most {
		p.Errorf("usage shows %s of CPU time, more than the %s that there were", after.CPU, most)
	}
	if after.Resident < 32*targets.MiB || after.Resident > 8*targets.GiB {
		p.Errorf("usage shows %s resident, the server holds 32MiB and little else", after.Resident)
	}
}

// burn makes the server spend CPU time, which the usage has to show, and returns
// the usage after that. A guest counts by a clock of its own, which goes on
// while the host runs something else: it is asked until the work shows.
func (p *place) burn(d *targets.Deployment, before targets.Usage) targets.Usage {
	p.Helper()
	const work, most = 300 * time.Millisecond, 20
	for asked := 1; ; asked++ {
		p.must(d, "POST", "/burn?ms=300", nil)
		after, err := d.Usage()
		if err != nil {
			p.Fatalf("Usage: %v", err)
		}
		// Where the account comes from /proc, its steps are of 10 ms, user and
		// system apart.
		spent := after.CPU - before.CPU
		if spent >= work-40*time.Millisecond {
			return after
		}
		if !p.Guest || asked == most {
			p.Errorf("usage shows %s of CPU time, the server spent at least %s", spent, work)
			return after
		}
	}
}

// machineCPUs counts the machine's CPUs, whatever this process may use of them.
func machineCPUs() int {
	cpus, _ := filepath.Glob("/sys/devices/system/cpu/cpu[0-9]*")
	return max(len(cpus), 1)
}

func children(p *place) {
	d := p.deploy(p.workload())
	p.must(d, "POST", "/fork", nil)
	p.must(d, "POST", "/fork", nil)
	p.close(d)
	p.clean()
}

// ending returns a context that ends soon after the call.
func ending(p *place, after time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), after)
	p.Cleanup(cancel)
	return ctx
}
