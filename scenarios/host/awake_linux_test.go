package host

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"servebench/targets/local"

	"golang.org/x/sys/unix"
)

// TestRequestLatency wants the request to be made and taken back: no file is left
// open.
func TestRequestLatency(t *testing.T) {
	open := func() int {
		links, err := filepath.Glob("/proc/self/fd/*")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, link := range links {
			if target, err := os.Readlink(link); err == nil && target == "/dev/cpu_dma_latency" {
				n++
			}
		}
		return n
	}
	a, err := requestLatency()
	if err != nil {
		t.Skipf("%v; as root on Linux it may be", err)
	}
	if n := open(); n != 1 {
		t.Errorf("%d requests are held, want 1", n)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if n := open(); n != 0 {
		t.Errorf("%d requests are still held", n)
	}
}

// TestOccupy keeps a CPU busy with a process that gives way to all others, and leaves none.
func TestOccupy(t *testing.T) {
	cpus, err := CPUs()
	if err != nil {
		t.Fatal(err)
	}
	a := new(Awake)
	if err := a.occupy(cpus[0]); err != nil {
		t.Fatal(err)
	}
	pid := a.busy[0].PID()
	attr, err := unix.SchedGetAttr(pid, 0)
	if err != nil || attr.Policy != unix.SCHED_IDLE {
		t.Errorf("%+v, %v, want SCHED_IDLE", attr, err)
	}
	if on, err := local.Pinned(pid); err != nil || !slices.Equal(on, cpus[:1]) {
		t.Errorf("on CPUs %v, %v, want %v", on, err, cpus[:1])
	}
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(10 * time.Millisecond) { // it gives way, for long on a busy machine
		if used, err := local.TreeUsage(pid); err != nil || used.CPU > 0 {
			break
		}
	}
	if err := a.Close(); err != nil || a.Used() <= 0 {
		t.Errorf("%v, used %v, want some CPU time", err, a.Used())
	}
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("the process is still there: %v", err)
	}
}

// TestHalts: a guest's CPU halts unless its kernel has a driver for idle states.
func TestHalts(t *testing.T) {
	haltpoll := files(map[string]string{"proc/cpuinfo": "flags\t\t: fpu hypervisor lm\n", cpuFolder + "cpuidle/current_driver": "haltpoll\n"})
	none := files(map[string]string{"proc/cpuinfo": "flags\t\t: fpu hypervisor lm\n", cpuFolder + "cpuidle/current_driver": "none\n"})
	if aServer().halts() || haltpoll.halts() || !aGuest().halts() || !none.halts() {
		t.Error("a server or a guest with a driver halts, or a guest without one does not")
	}
}
