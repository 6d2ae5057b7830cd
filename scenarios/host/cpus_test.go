package host

import (
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/targets"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shirou/gopsutil/v4/cpu"
)

func TestShare(t *testing.T) {
	for _, tc := range []struct {
		name string
		cpus []int
		n    int
		want Split
	}{
		{"one each", []int{0, 1}, 1, Split{Generator: []int{0}, Target: []int{1}}},
		{"gaps in the numbers", []int{1, 3, 8}, 1, Split{Generator: []int{1, 3}, Target: []int{8}}},
		{"leaves the generator one", []int{0, 1, 2}, 8, Split{Generator: []int{0}, Target: []int{1, 2}}},
		{"only one CPU", []int{4}, 1, Split{Generator: []int{4}, Target: []int{4}, Shared: true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Share(tc.cpus, tc.n)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPin pins this process, asks a child where it may run, and takes the
// pinning back.
func TestPin(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("CPU affinity is set on Linux only")
	}
	before, err := CPUs()
	if err != nil {
		t.Fatal(err)
	}
	last := before[len(before)-1:]
	restore, err := Pin(last)
	if err != nil {
		t.Fatal(err)
	}
	if procs := runtime.GOMAXPROCS(0); procs != 1 {
		t.Errorf("GOMAXPROCS = %d while pinned to one CPU, want 1", procs)
	}
	out, err := exec.Command("cat", "/proc/self/status").Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := "Cpus_allowed_list:\t" + targets.FormatCPUs(last) + "\n"; !strings.Contains(string(out), want) {
		t.Errorf("a child of the pinned process has another affinity, want %q in\n%s", want, out)
	}
	restore()
	after, err := CPUs()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, after) {
		t.Errorf("CPUs after restore = %v, want %v", after, before)
	}
}

// TestRaise raises this process's priority, asks a child for its own, which it
// inherits, and takes the priority back.
func TestRaise(t *testing.T) {
	restore, err := Raise()
	if err != nil {
		t.Skipf("%v; as root it may be", err)
	}
	policy := func() string {
		out, err := exec.Command("cat", "/proc/self/sched").Output()
		if err != nil {
			t.Skipf("this kernel does not tell a process's policy: %v", err)
		}
		for line := range strings.Lines(string(out)) {
			if strings.HasPrefix(line, "policy") {
				return strings.Fields(line)[2]
			}
		}
		return ""
	}
	raised := policy()
	if err := restore(); err != nil {
		t.Fatal(err)
	}
	if after := policy(); raised != "2" || after != "0" {
		t.Errorf("policy %s while raised and %s afterwards, want 2 (SCHED_RR) and 0", raised, after)
	}
}

func TestShareOfCPUTime(t *testing.T) {
	before := cpu.TimesStat{User: 10, System: 5, Idle: 100, Steal: 1}
	after := cpu.TimesStat{User: 12, System: 6, Idle: 104, Iowait: 1, Steal: 3}
	want := record.Machine{Known: true, Stolen: 0.2, Busy: 0.2}
	if diff := cmp.Diff(want, share(before, after, time.Second), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Error(diff)
	}
	if got := share(before, before, 0); got.Known {
		t.Errorf("%+v after no time at all, want not known", got)
	}
}
