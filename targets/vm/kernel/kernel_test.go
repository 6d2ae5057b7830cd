package kernel

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// install lays a kernel out below root, with files below its modules' folder.
func install(t *testing.T, root, version string, files map[string][]byte) {
	t.Helper()
	all := map[string][]byte{"boot/vmlinuz-" + version: header(version)}
	for name, content := range files {
		all[filepath.Join("lib/modules", version, name)] = content
	}
	for name, content := range all {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// virtio are the modules of a kernel that can be a guest's.
func virtio(t *testing.T) map[string][]byte {
	return map[string][]byte{"kernel/drivers/net/virtio_net.ko": object(t, "depends=\x00"), "modules.builtin": nil}
}

func TestNewest(t *testing.T) {
	dir := t.TempDir()
	install(t, filepath.Join(dir, "linux-image-6.1.0-9-cloud-amd64_6.1.27-1"), "6.1.0-9-cloud-amd64", virtio(t))
	install(t, filepath.Join(dir, "linux-image-6.1.0-56-cloud-amd64_6.1.192-2"), "6.1.0-56-cloud-amd64", virtio(t))
	install(t, filepath.Join(dir, "linux-image-6.12.0-1-amd64_6.12.1-1"), "6.12.0-1-amd64", nil) // no modules came with it
	k, found, err := newest(dir, []string{"virtio_net"})
	if err != nil || k.Version != "6.1.0-56-cloud-amd64" || len(found) != 1 || found[0].Name != "virtio_net" {
		t.Fatalf("newest = %+v with %d modules, %v, want 6.1.0-56-cloud-amd64 with virtio_net", k, len(found), err)
	}
	if sum, err := k.Checksum(); err != nil || len(sum) != 64 {
		t.Errorf("Checksum = %q, %v", sum, err)
	}
	if _, _, err := newest(dir, []string{"virtio_scsi"}); err == nil || !strings.Contains(err.Error(), "virtio_scsi") {
		t.Errorf("error %v does not name the module that no kernel has", err)
	}
}

func TestFindSaysWhereItLooked(t *testing.T) {
	dir := t.TempDir()
	_, _, err := Find(dir, []string{"a-module-that-no-kernel-has"})
	if err == nil || !strings.Contains(err.Error(), "no guest kernel in "+dir) || !strings.Contains(err.Error(), "this machine's own") {
		t.Errorf("error %v does not say where it looked", err)
	}
}

func TestRunning(t *testing.T) {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Skipf("which kernel runs is not known, Linux says it: %v", err)
	}
	root, version := t.TempDir(), strings.TrimSpace(string(release))
	if k, _, err := running(root, nil); err == nil {
		t.Errorf("running = %+v where there is none", k)
	}
	install(t, root, version, virtio(t))
	if k, _, err := running(root, []string{"virtio_net"}); err != nil || k.Version != version {
		t.Errorf("running = %+v, %v, want %s", k, err, version)
	}
}

func TestCompareVersions(t *testing.T) {
	want := []string{"a_6.1.9-1", "a_6.1.27-1", "a_6.1.27-1+b1", "a_6.1.192-2", "a_6.1.192-10", "a_6.12.1-1", "b"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, compareVersions)
	if !slices.Equal(got, want) {
		t.Errorf("sorted %q, want %q", got, want)
	}
	if compareVersions("6.01", "6.1") != 0 || compareVersions("", "") != 0 {
		t.Error("equal versions differ")
	}
}

// header is the beginning of a bzImage whose version's text is as given.
func header(version string) []byte {
	const at = 0x3000
	h := make([]byte, at+len(version)+1)
	copy(h[magicAt:], "HdrS")
	binary.LittleEndian.PutUint16(h[versionPtr:], at-0x200)
	copy(h[at:], version)
	return h
}

func TestParseHeader(t *testing.T) {
	far := header("1")
	binary.LittleEndian.PutUint16(far[versionPtr:], 0xffff)
	for name, c := range map[string]struct {
		header []byte
		want   string // "" for no kernel
	}{
		"Debian":           {header("6.1.0-56-cloud-amd64 (debian-kernel@lists.debian.org) #1 SMP"), "6.1.0-56-cloud-amd64"},
		"version alone":    {header("6.18.44-fc-v445"), "6.18.44-fc-v445"},
		"no version":       {header(""), ""},
		"a path":           {header("../../etc"), ""},
		"dots":             {header(".."), ""},
		"odd character":    {header("6.1\n0"), ""},
		"not ended":        {header("6.1")[:0x3003], ""},
		"beyond the end":   {far, ""},
		"empty":            {nil, ""},
		"an ELF file":      {append([]byte("\x7fELF"), make([]byte, 0x4000)...), ""},
		"magic, cut short": {header("6.1")[:versionPtr], ""},
	} {
		got, err := parseHeader(c.header)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}

func FuzzParseHeader(f *testing.F) {
	f.Add(header("6.1.0-56-cloud-amd64 (x) #1"))
	f.Add([]byte("HdrS"))
	f.Fuzz(func(t *testing.T, content []byte) {
		version, err := parseHeader(content)
		if (err == nil) == (version == "") {
			t.Fatalf("%q, %v", version, err)
		}
		if err == nil && filepath.Base(filepath.Join("/lib/modules", version)) != version {
			t.Fatalf("version %q leads out of its folder", version)
		}
	})
}

func TestReadWhatIsNoKernel(t *testing.T) {
	file := filepath.Join(t.TempDir(), "vmlinuz")
	if _, err := Read(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v does not name the missing file", err)
	}
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(file); err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "want a bzImage") {
		t.Errorf("error %v does not say what is wrong with the file, and what would be right", err)
	}
}

func TestChecksum(t *testing.T) {
	const version = "6.1.0-9-amd64"
	sum := fmt.Sprintf("%x", sha256.Sum256(header(version)))
	other := strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		list string
		bad  bool
	}{
		"no list":       {"", false},
		"another's":     {other + "  vmlinuz-6.1.0-9\n", false},
		"its own":       {other + "  vmlinuz\n" + sum + "  vmlinuz-" + version + "\n", false},
		"as binary":     {strings.ToUpper(sum) + " *vmlinuz-" + version + "\n", false},
		"another's sum": {other + "  vmlinuz-" + version + "\n", true},
		"no sum":        {"  vmlinuz-" + version + "\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			install(t, root, version, nil)
			boot := filepath.Join(root, "boot")
			if c.list != "" {
				if err := os.WriteFile(filepath.Join(boot, sumsFile), []byte(c.list), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			k, err := Read(filepath.Join(boot, "vmlinuz-"+version))
			if err != nil {
				t.Fatal(err)
			}
			got, err := k.Checksum()
			switch {
			case c.bad && (err == nil || !strings.Contains(err.Error(), sum) || !strings.Contains(err.Error(), other)):
				t.Errorf("error %v does not name both checksums", err)
			case !c.bad && (err != nil || got != sum):
				t.Errorf("Checksum = %q, %v, want %q", got, err, sum)
			}
		})
	}
}
