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

func TestSpace(t *testing.T) {
	dir := t.TempDir()
	space, err := Space(dir)
	if err != nil || space <= 0 {
		t.Errorf("Space = %v, %v, in a folder that was just made", space, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("%v, %v is left in the folder", left, err)
	}
	if _, err := Space(filepath.Join(dir, "none")); err == nil {
		t.Error("there is space in a folder that is not there")
	}
}

func TestPorts(t *testing.T) {
	const heading = "  sl  local_address rem_address   st\n"
	machine := files(map[string]string{
		"proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
		"proc/net/tcp":                          heading + "   0: 0100007F:8000 00000000:0000 0A\n   1: 0100007F:07E8 00000000:0000 0A\n   2: 0100007F:8001 0100007F:0050 06\n",
		"proc/net/tcp6":                         heading + "   0: 00000000000000000000000001000000:8001 00:0000 0A\n",
	})
	want := Ports{First: 32768, Last: 60999, Taken: 2}
	got, err := machine.ports()
	if err != nil || got != want || got.Free() != 28230 {
		t.Errorf("ports %+v (%d free), %v, want %+v (28230 free)", got, got.Free(), err, want)
	}
	for _, text := range []string{"", "1", "2 1", "a b", "1 65536"} {
		if _, err := files(map[string]string{"proc/sys/net/ipv4/ip_local_port_range": text}).ports(); err == nil {
			t.Errorf("the range %q is taken for one", text)
		}
	}
}

func TestPortsOfThisMachine(t *testing.T) {
	if !root().exists("proc/net/tcp") {
		t.Skip("no /proc/net/tcp here; run on Linux")
	}
	p, err := EphemeralPorts()
	if err != nil || p.First < 1 || p.Last <= p.First || p.Taken > p.Last-p.First+1 {
		t.Errorf("ports %+v, %v", p, err)
	}
}

func FuzzLocalPorts(f *testing.F) {
	f.Add("  sl  local_address\n   0: 0100007F:8000 00000000:0000 0A\n")
	f.Add("0: :FFFFF\n1: 1:-1\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, port := range localPorts(text) {
			if port < 0 || port > 65535 {
				t.Fatalf("port %d in %q", port, text)
			}
		}
	})
}
