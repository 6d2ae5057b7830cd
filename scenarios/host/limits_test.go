package host

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"servebench/targets/local"
)

func TestCgroupsLeavesNone(t *testing.T) {
	version, err := Cgroups()
	if err != nil {
		t.Skipf("%v; as root on Linux one can be made", err)
	}
	if version != "v1" && version != "v2" {
		t.Errorf("version %q, though a cgroup could be made", version)
	}
	for _, pattern := range []string{"/sys/fs/cgroup/", "/sys/fs/cgroup/*/"} {
		left, err := filepath.Glob(pattern + "servebench-" + local.Self().String() + "-*")
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %q, %v", left, err)
		}
	}
}

func TestClock(t *testing.T) {
	source, reading := Clock()
	if reading <= 0 {
		t.Errorf("a reading of the clock costs %v", reading)
	}
	if _, err := os.Stat("/sys/devices/system/clocksource"); err == nil && runtime.GOOS == "linux" && source == "" {
		t.Error("the kernel's clock source is not found")
	}
}
