package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"servebench/targets"
)

// group makes a cgroup in the given hierarchies, or skips the test.
func group(t *testing.T, all []hierarchy) *Cgroup {
	t.Helper()
	c, err := newCgroup(all)
	if err != nil {
		t.Skipf("no cgroup can be made here (%v); run as root on a host whose cgroup file system is writable", err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// mounted returns the hierarchies of one version, or skips the test.
func mounted(t *testing.T, version int) []hierarchy {
	t.Helper()
	all, err := hierarchies()
	if err != nil {
		t.Skipf("no cgroups on this host: %v", err)
	}
	all = slices.DeleteFunc(all, func(h hierarchy) bool { return h.version != version })
	if len(all) == 0 {
		t.Skipf("no cgroup hierarchy of version %d is mounted here; run on a host that has one", version)
	}
	return all
}

func TestCgroupAccountsForAllProcesses(t *testing.T) {
	for _, version := range []int{1, 2} {
		t.Run(map[int]string{1: "v1", 2: "v2"}[version], func(t *testing.T) {
			c := group(t, mounted(t, version))
			p := shell(t, "i=0; (while [ $i -lt 100000 ]; do i=$((i+1)); done); echo done; exec sleep 60", func(cmd *Command) { cmd.Cgroup = c })
			for p.Output.String() != "done" {
				time.Sleep(time.Millisecond)
			}
			pids, err := c.Processes()
			if err != nil || !slices.Contains(pids, p.PID()) {
				t.Errorf("processes %v, %v, want %d among them", pids, err, p.PID())
			}
			if slices.Contains(pids, os.Getpid()) {
				t.Error("this process is in the cgroup")
			}
			usage, err := c.Usage()
			if err != nil || usage.CPU <= 0 {
				t.Errorf("usage %v, %v", usage, err)
			}
			found, err := FindCgroup(p.PID())
			if version == 1 && (err != nil || found.cpu.dir != c.cpu.dir || found.memory.dir != c.memory.dir) {
				t.Errorf("FindCgroup = %+v, %v, want %+v", found, err, c)
			}
			if err := c.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			<-p.Done()
			for _, f := range c.folders() {
				if _, err := os.Stat(f.dir); !os.IsNotExist(err) {
					t.Errorf("%s is still there: %v", f.dir, err)
				}
			}
		})
	}
}

func TestCgroupLimitsMemory(t *testing.T) {
	tail, err := exec.LookPath("tail")
	if err != nil {
		t.Skipf("no tail in PATH: %v", err)
	}
	c, err := NewLimited(targets.Limits{Memory: 32 * targets.MiB})
	if err != nil {
		t.Skipf("no memory limit can be set here (%v); run as root on a host with writable cgroups", err)
	}
	t.Cleanup(func() { c.Close() })
	if got, err := c.MemoryLimit(); got != 32*targets.MiB || err != nil {
		t.Errorf("MemoryLimit = %s, %v, want 32MiB", got, err)
	}
	if c.OutOfMemory() {
		t.Error("out of memory before anything ran")
	}
	// tail keeps a line without an end in memory.
	p, err := Start(Command{Path: tail, Args: []string{"tail", "-n", "1", "/dev/zero"}, Cgroup: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	<-p.Done()
	if err := p.Err(); err == nil || !strings.HasPrefix(err.Error(), "was killed by the kernel for reaching its memory limit") {
		t.Errorf("Err() = %v, want that the memory limit killed it", err)
	}
	if _, typed := errors.AsType[*targets.OutOfMemory](p.Err()); !typed {
		t.Errorf("Err() = %T, want OutOfMemory", p.Err())
	}
}

// nested puts a cgroup of the test's own in the place of each hierarchy, so that
// nobody else sweeps there. A thread that leaves a cgroup goes back to where the
// test is, so that has to be there in each as well.
func nested(t *testing.T, all []hierarchy) []hierarchy {
	t.Helper()
	for i, h := range all {
		home, err := h.membership(strconv.Itoa(os.Getpid()))
		if err != nil {
			t.Fatal(err)
		}
		dir, err := os.MkdirTemp(h.mount, "test-of-servebench-")
		if err != nil {
			t.Skipf("no cgroup can be made here (%v); run as root on a host whose cgroup file system is writable", err)
		}
		t.Cleanup(func() {
			if h.version == 1 { // the main thread may have stayed
				if err := EachThread(os.Getpid(), func(tid int) error { return folder{h, home}.write("tasks", strconv.Itoa(tid)) }); err != nil {
					t.Error(err)
				}
			}
			if err := removeTree(dir); err != nil {
				t.Error(err)
			}
		})
		if err := os.MkdirAll(filepath.Join(dir, strings.TrimPrefix(home, h.mount)), 0o755); err != nil {
			t.Fatal(err)
		}
		all[i].mount = dir
	}
	return all
}

// The abandoned cgroup holds a process that is deaf and was left by its server.
func TestAbandonedCgroupsAreRemoved(t *testing.T) {
	all := nested(t, mounted(t, 1))
	living := group(t, all)
	name := cgroupPrefix + goneMaker(t).String() + "-00000000"
	left := named(all, name)
	for _, f := range left.folders() {
		if err := os.Mkdir(f.dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p := shell(t, "trap '' TERM; exec sleep 600", func(cmd *Command) { cmd.Cgroup = left })
	kind := targets.Kind{Leftovers: func(context.Context) ([]targets.Leftover, error) { return leftovers(all), nil }}
	removed, err := kind.Sweep(t.Context())
	if want := []string{fmt.Sprintf("cgroup %s with process %d", name, p.PID())}; err != nil || !slices.Equal(removed, want) {
		t.Errorf("sweep = %q, %v, want %q", removed, err, want)
	}
	<-p.Done()
	for _, f := range left.folders() {
		if _, err := os.Stat(f.dir); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", f.dir, err)
		}
	}
	if _, err := os.Stat(living.memory.dir); err != nil {
		t.Errorf("the cgroup of a living process is gone: %v", err)
	}
	if removed, err := kind.Sweep(t.Context()); len(removed) > 0 || err != nil {
		t.Errorf("the second sweep removes %q, %v", removed, err)
	}
}

func TestParseMounts(t *testing.T) {
	const table = `22 1 0:20 / /sys/fs/cgroup ro - tmpfs tmpfs rw
30 22 0:26 /docker/abc /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory
31 22 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:10 master:2 - cgroup cgroup rw,cpu,cpuacct
32 22 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
broken line - cgroup
`
	all := parseMounts(table)
	if len(all) != 3 {
		t.Fatalf("found %+v, want three", all)
	}
	memory, _ := find(all, "memory")
	cpu, _ := find(all, "cpuacct")
	other, _ := find(all, "hugetlb")
	if memory.version != 1 || cpu.mount != "/sys/fs/cgroup/cpu,cpuacct" || other.version != 2 {
		t.Errorf("memory %+v, cpuacct %+v, else %+v", memory, cpu, other)
	}
	name, ok := memory.parseMembership("5:cpu,cpuacct:/a\n4:memory:/docker/abc/x:y\n0::/b\n")
	if !ok || memory.dir(name) != "/sys/fs/cgroup/memory/x:y" {
		t.Errorf("membership %q, %t, folder %s", name, ok, memory.dir(name))
	}
	if name, ok := cpu.parseMembership("5:cpu,cpuacct:/a\n"); !ok || name != "/a" {
		t.Errorf("membership %q, %t", name, ok)
	}
	if name, ok := other.parseMembership("4:memory:/c\n0::/b\n"); !ok || name != "/b" {
		t.Errorf("membership %q, %t", name, ok)
	}
	if _, found := find(nil, "memory"); found {
		t.Error("found a hierarchy where there is none")
	}
}

func FuzzParseMounts(f *testing.F) {
	f.Add("30 22 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory", "4:memory:/a")
	f.Add("32 22 0:28 / /x rw - cgroup2 cgroup2 rw", "0::/b")
	f.Fuzz(func(t *testing.T, mounts, membership string) {
		for _, h := range parseMounts(mounts) {
			if h.version != 1 && h.version != 2 {
				t.Fatalf("version %d", h.version)
			}
			if name, ok := h.parseMembership(membership); ok && strings.Contains(name, "\n") {
				t.Fatalf("membership %q has several lines", name)
			}
		}
	})
}
