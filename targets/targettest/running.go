package targettest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/local"
)

// report is what the test server says about its surroundings.
type report struct {
	Args, Env  []string
	Began      time.Time
	GOMAXPROCS int
	CPUs       string
	Visible    int
}

func answers(p *subject) {
	called := time.Now()
	d := p.deploy(p.workload())
	took := time.Since(called)
	p.must(d, "GET", "/ready", nil)
	var names []string
	for _, s := range d.Stages {
		names = append(names, s.Name)
	}
	want := p.Stages
	if want == nil {
		want = []string{targets.Started, targets.Listening, targets.Ready}
	}
	if !slices.Equal(names, want) {
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

func surroundings(p *subject) {
	w := p.workload("MODEL=credit", "HOME=/elsewhere", "LISTEN={host}:{port}")
	w.Command = append(w.Command, "--verbose")
	if p.listens() {
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
func (p *subject) environment(r report) map[string]string {
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
func (p *subject) addressed(r report, env map[string]string) {
	p.Helper()
	want := []string{"--verbose", "--listen=" + env["HOST"] + ":" + env["PORT"]}
	if address := env["HOST"] + ":" + env["PORT"]; env["LISTEN"] != address && p.listens() {
		p.Errorf("LISTEN is %q, want {host}:{port} replaced: %q", env["LISTEN"], address)
	}
	if !p.listens() {
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

func several(p *subject) {
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

func children(p *subject) {
	d := p.deploy(p.workload())
	p.must(d, "POST", "/fork", nil)
	p.must(d, "POST", "/fork", nil)
	p.close(d)
	p.clean()
}

// ending returns a context that ends soon after the call.
func ending(tb testing.TB, after time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), after)
	tb.Cleanup(cancel)
	return ctx
}

// checkStages checks what every deployment promises about its stages: callers
// take the last one for the moment from which the server answers.
func checkStages(stages []record.Stage) error {
	if len(stages) == 0 {
		return errors.New("the deployment has no stages")
	}
	if last := stages[len(stages)-1]; last.Name != targets.Ready {
		return fmt.Errorf("the last stage is %q, want %q", last.Name, targets.Ready)
	}
	for i, s := range stages {
		if s.At < 0 || i > 0 && s.At < stages[i-1].At {
			return fmt.Errorf("stage %s at %s is before what comes before it", s.Name, s.At)
		}
	}
	return nil
}

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
	if got := p.fact(d, record.FactVisibleCPUs); got.Count != r.Visible {
		p.Errorf("the fact says that %d CPUs are visible (%s), the server sees %d", got.Count, got.Value, r.Visible)
	}
	if r.GOMAXPROCS != 1 {
		p.Errorf("GOMAXPROCS is %d, want the number of CPUs", r.GOMAXPROCS)
	}
	for _, s := range p.processes() {
		p.pinned(s, w.CPUSet)
	}
}

// cpuQuota has the server work for longer than its fraction of a CPU allows. A guest's clock
// goes on meanwhile, so that the guest itself sees nothing of it.
func cpuQuota(p *subject) {
	w := p.workload()
	w.Limits.CPUs = 0.25
	d := p.deploy(w)
	if fact := p.fact(d, "CPU quota"); fact.Unequal {
		p.Skipf("the CPU time cannot be bounded here, as the deployment says: %s", fact.Value)
	}
	var r report
	p.must(d, "GET", "/report", &r)
	if r.GOMAXPROCS != 1 {
		p.Errorf("GOMAXPROCS is %d, want a quarter rounded up", r.GOMAXPROCS)
	}
	const work = 250 * time.Millisecond
	began := time.Now()
	p.must(d, "POST", "/burn?ms=250", nil)
	if took := time.Since(began); took < 2*work && !p.Guest { // the first period may begin with an unused share
		p.Errorf("%s of work took %s with a quarter of a CPU", work, took)
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

func usage(p *subject) {
	d := p.deploy(p.workload())
	began := time.Now()
	p.spent(d, time.Time{}, began)
	p.must(d, "POST", "/hold?mib=32", nil)
	after := p.burn(d, began)
	if most := time.Since(began) * time.Duration(machineCPUs()); after.CPU > most {
		p.Errorf("usage shows %s of CPU time, more than the %s that there were", after.CPU, most)
	}
	if resident := targets.Bytes(after.Resident); resident < 32*targets.MiB || resident > 8*targets.GiB {
		p.Errorf("usage shows %s resident, the server holds 32MiB and little else", resident)
	}
}

// burn makes the server spend CPU time, which the usage has to show, and returns
// the usage since the moment given. A guest counts by a clock of its own, which goes
// on while the host runs something else: it is asked until the work shows.
func (p *subject) burn(d *targets.Deployment, since time.Time) record.Usage {
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
func (p *subject) spent(d *targets.Deployment, from, to time.Time) record.Usage {
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
