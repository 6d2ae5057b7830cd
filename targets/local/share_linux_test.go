package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"servebench/targets"
)

// child makes a cgroup with one below it, or skips the test.
func child(t *testing.T, version int) (parent, below *Cgroup) {
	t.Helper()
	parent = group(t, mounted(t, version))
	below, err := parent.Child("1")
	if err != nil {
		t.Fatal(err)
	}
	return parent, below
}

// counting starts a shell that says a number after the other.
func counting(t *testing.T, in *Cgroup) *Process {
	t.Helper()
	return shell(t, "i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done", func(cmd *Command) { cmd.Cgroup = in })
}

// stands reports whether the process's output stays as it is for a while.
func stands(p *Process) bool {
	before := p.Output.String()
	time.Sleep(100 * time.Millisecond)
	return p.Output.String() == before
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within ten seconds: %s", what)
		}
	}
}

func TestFreezeAndThaw(t *testing.T) {
	for _, version := range []int{1, 2} {
		t.Run(map[int]string{1: "v1", 2: "v2"}[version], func(t *testing.T) {
			_, below := child(t, version)
			if below.freezer.dir == "" {
				t.Skip("no freezer is mounted here; run on a host whose cgroups have one")
			}
			p := counting(t, below)
			eventually(t, "it counts", func() bool { return p.Output.String() != "" })
			if err := below.Freeze(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "it stands still", func() bool { return stands(p) })
			if err := below.Thaw(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "it goes on", func() bool { return !stands(p) })
		})
	}
}

// What is frozen is ended like everything else, by closing it or what it is in.
func TestWhatIsFrozenCanBeEnded(t *testing.T) {
	for _, name := range []string{"itself", "its parent", "as leftover"} {
		t.Run(name, func(t *testing.T) {
			parent, below := child(t, 1)
			if below.freezer.dir == "" {
				t.Skip("no freezer is mounted here; run on a host whose cgroups have one")
			}
			p := counting(t, below)
			if err := below.Freeze(); err != nil {
				t.Fatal(err)
			}
			end := map[string]func() error{
				"itself": below.Close, "its parent": parent.Close,
				"as leftover": func() error { return named(parent.all, parent.name).Close() },
			}[name]
			if err := end(); err != nil {
				t.Fatal(err)
			}
			<-p.Done()
			for _, h := range parent.all {
				if _, err := os.Stat(filepath.Join(h.mount, below.name)); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("the cgroup is still in %s: %v", h.mount, err)
				}
			}
		})
	}
}

func TestLimitCPU(t *testing.T) {
	parent, below := child(t, 1)
	if below.share.dir == "" {
		t.Skip("no CPU controller is mounted here; run on a host whose cgroups have one")
	}
	if err := below.LimitCPU(0.25, 20*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	p := shell(t, "while :; do :; done", func(cmd *Command) { cmd.Cgroup = below })
	eventually(t, "the kernel held it back", func() bool {
		usage, err := below.Usage()
		return err == nil && usage.Throttled >= 20*time.Millisecond
	})
	found, err := FindCgroup(p.PID())
	if err != nil {
		t.Fatal(err)
	}
	if usage, err := found.Usage(); err != nil || usage.Throttled < 20*time.Millisecond {
		t.Errorf("found by a process: throttled for %v, %v; want at least 20ms", usage.Throttled, err)
	}
	for _, name := range []string{parent.name, below.name} {
		if usage, err := SearchCgroup(name).Spent(); err != nil || usage.Throttled < 20*time.Millisecond {
			t.Errorf("found by the path %s: throttled for %v, %v; want at least 20ms", name, usage.Throttled, err)
		}
	}
	p.Kill()
}

func TestYield(t *testing.T) {
	_, below := child(t, 1)
	if below.share.dir == "" {
		t.Skip("no CPU controller is mounted here; run on a host whose cgroups have one")
	}
	read := func() string {
		idle, err := below.share.read("cpu.idle")
		if err == nil {
			return idle
		}
		shares, err := below.share.read("cpu.shares")
		if err != nil {
			t.Fatal(err)
		}
		return shares
	}
	usual := read()
	for _, yield := range []bool{true, false} {
		if err := below.Yield(yield); err != nil {
			t.Fatal(err)
		}
		if got := read(); (got == usual) == yield {
			t.Errorf("Yield(%t) leaves %s, where %s is usual", yield, got, usual)
		}
	}
}

// What yields to others, or is held back, would take long to end beside others that work.
func TestWhatIsKilledHasAllOfTheCPU(t *testing.T) {
	parent, below := child(t, 1)
	if below.share.dir == "" {
		t.Skip("no CPU controller is mounted here; run on a host whose cgroups have one")
	}
	if err := errors.Join(below.LimitCPU(0.25, 20*time.Millisecond), below.Yield(true)); err != nil {
		t.Fatal(err)
	}
	parent.Kill()
	quota, err := below.share.cpuQuota()
	if quota != 0 || err != nil {
		t.Errorf("it is still held to %v CPUs, %v", quota, err)
	}
	if idle, err := below.share.read("cpu.idle"); err == nil && idle != "0" {
		t.Errorf("it still yields: cpu.idle is %s", idle)
	}
	file, usual := "cpu.shares", "1024"
	if below.share.version == 2 {
		file, usual = "cpu.weight", "100"
	}
	if weight, err := below.share.read(file); err != nil || weight != usual {
		t.Errorf("its weight is %s, %v", weight, err)
	}
}

// The parent counts what its children used, those that are gone included.
func TestChildrenAreInTheAccount(t *testing.T) {
	parent, below := child(t, 1)
	if err := below.LimitMemory(64 * targets.MiB); err != nil {
		t.Fatal(err)
	}
	p := shell(t, "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo done; sleep 60", func(cmd *Command) { cmd.Cgroup = below })
	eventually(t, "it is done", func() bool { return p.Output.String() == "done" })
	own, err := below.Usage()
	if err != nil || own.CPU <= 0 || own.Resident <= 0 {
		t.Errorf("the child's usage %v, %v", own, err)
	}
	opened, err := OpenCgroup(parent.Path())
	if err != nil {
		t.Fatal(err)
	}
	if all, err := opened.Usage(); err != nil || all.CPU < own.CPU || all.Resident <= 0 {
		t.Errorf("the parent's usage %v, %v, the child's was %v", all, err, own)
	}
	if err := below.Close(); err != nil {
		t.Fatal(err)
	}
	if after, err := parent.Usage(); err != nil || after.CPU < own.CPU || after.Resident != 0 {
		t.Errorf("once the child is gone: usage %v, %v, want at least %v of CPU time and nothing resident", after, err, own.CPU)
	}
	if limit, err := parent.MemoryLimit(); limit != 0 || err != nil {
		t.Errorf("the child's limit bounds its parent: %v, %v", limit, err)
	}
}

func TestOpenCgroupNames(t *testing.T) {
	if _, err := hierarchies(); err != nil {
		t.Skipf("no cgroups on this host: %v", err)
	}
	if _, err := OpenCgroup("/servebench-none"); err == nil || !strings.Contains(err.Error(), "servebench-none") {
		t.Errorf("OpenCgroup: %v, want an error that names it", err)
	}
}

// While another cgroup is frozen, which spares the kernel the patching of its
// own code when the first one is and the last one no longer is.
func BenchmarkFreezeAndThaw(b *testing.B) {
	parent, err := NewCgroup()
	if err != nil {
		b.Skipf("no cgroup can be made here (%v); run as root on a host whose cgroup file system is writable", err)
	}
	defer parent.Close()
	below, err1 := parent.Child("1")
	other, err2 := parent.Child("2")
	if err := errors.Join(err1, err2, other.Freeze()); err != nil {
		b.Skipf("no freezer here: %v", err)
	}
	p, err := Start(Command{Path: "/bin/sleep", Args: []string{"sleep", "600"}, Cgroup: below})
	if err != nil {
		b.Skipf("no process to freeze: %v", err)
	}
	defer p.Kill()
	for b.Loop() {
		if err := errors.Join(below.Freeze(), below.Thaw()); err != nil {
			b.Fatal(err)
		}
	}
}
