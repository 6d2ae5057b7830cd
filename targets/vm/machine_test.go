package vm

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"servebench/targets"
	"servebench/targets/vm/guest"
	"servebench/targets/vm/kernel"

	"github.com/cavaliergopher/cpio"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file below testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; write it anew with -update and look at the difference. Got:\n%s", file, got)
	}
}

// The counter's speed does not depend on when it is measured.
func TestMeasureCounter(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("this machine's CPUs have no time-stamp counter")
	}
	first := float64(measureCounter())
	for range 5 {
		if again := float64(measureCounter()); first < 100_000 || math.Abs(again/first-1) > 0.005 {
			t.Errorf("%.0f kHz, and %.0f before", again, first)
		}
	}
}

func TestCommandLines(t *testing.T) {
	k := &kernel.Kernel{Path: "/boot/vmlinuz-6.1"}
	var text strings.Builder
	for _, c := range []struct {
		name    string
		machine machine
		forward int
	}{
		{"emulated", machine{with: acceleration{name: tcg}, counter: 2594001, cpus: []int{3}, memory: 256 * targets.MiB, dir: "/tmp/servebench-vm-1", port: defaultPort}, 20001},
		{"KVM", machine{with: acceleration{name: kvm}, cpus: []int{1, 2}, memory: targets.GiB, dir: "/tmp/a,b", disk: "/cache/a,b/root.ext4", port: 80}, 20002},
		{"probe", machine{with: acceleration{name: kvm}, cpus: []int{0}, memory: leastMemory, dir: "/tmp/servebench-vm-2"}, 0},
	} {
		c.machine.qemu, c.machine.kernel = "/usr/bin/"+emulator, k
		text.WriteString(c.name + ":\n")
		for _, arg := range c.machine.arguments(c.forward) {
			if !strings.HasPrefix(arg, "-") {
				text.WriteString("  ")
			}
			text.WriteString("  " + arg + "\n")
		}
	}
	golden(t, "command.golden", text.String())
}

func TestMeasureMemory(t *testing.T) {
	const mib, huge = targets.MiB, 1 << 20 * targets.GiB
	for name, c := range map[string]struct {
		option, limit, initramfs, disk, want targets.Bytes
		words                                []string
	}{
		"nothing said":                {0, 0, mib, 0, 512 * mib, nil},
		"an image":                    {0, 0, mib, 300 * mib, 812 * mib, nil},
		"a limit":                     {0, 100 * mib, 2*mib - 1, 300 * mib, 200 * mib, nil},
		"an option":                   {256 * mib, 0, mib, 300 * mib, 256 * mib, nil},
		"less than the files":         {256 * mib, 0, 100 * mib, 0, 0, []string{"option memory", "256MiB is too little", "296MiB"}},
		"an option beyond all memory": {huge, 0, mib, 0, 0, []string{"option memory", "this machine has", "lower it"}},
		"a limit beyond all memory":   {0, huge, mib, 0, 0, []string{"limits.memory", "98MiB of it for itself", "this machine has"}},
	} {
		target := &target{settings: settings{memory: c.option}}
		got, err := target.measureMemory(c.limit, c.initramfs, c.disk)
		if got != c.want || (err == nil) != (c.words == nil) {
			t.Errorf("%s: %s, %v, want %s", name, got, err, c.want)
		}
		for _, word := range c.words {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%s: error %v does not say %q", name, err, word)
			}
		}
	}
}

func TestInitialFileSystem(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "server")
	if err := os.WriteFile(program, []byte("program"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := targets.Workload{
		Command: []string{program, "--listen={host}:{port}"}, Env: []string{"MODEL=credit"},
		CPUSet: []int{3}, Limits: targets.Limits{CPUs: 1, Memory: 64 * targets.MiB},
	}
	modules := []kernel.Module{{Name: "virtio_ring", Content: []byte("ring")}, {Name: "virtio_net", Content: []byte("net")}}
	spec := guest.Spec{Token: "0123456789abcdef", Modules: modulePaths(modules), Server: ofExecutable(w, program).server}
	entries, err := systemFiles(spec, program, modules)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "initramfs")
	size, err := writeFile(file, append(entries, entry{path: spec.Server.Path, mode: 0o755, file: program}))
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || targets.Bytes(info.Size()) != size {
		t.Errorf("%v, %v, want %d bytes", info, err, size)
	}
	golden(t, "initramfs.golden", list(t, file))
	if _, err := writeFile(file, entries); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v does not name the file that is there already", err)
	}
}

// list writes an archive's entries, and what is in those that are text.
func list(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var text strings.Builder
	for archive := cpio.NewReader(f); ; {
		h, err := archive.Next()
		if err != nil {
			return text.String()
		}
		body := make([]byte, h.Size)
		if h.Size > 0 {
			if _, err := archive.Read(body); err != nil {
				t.Fatal(err)
			}
		}
		text.WriteString(strings.TrimSpace(h.Mode.String()+" "+h.Name+" "+string(body)) + "\n")
	}
}
