package kernel

import (
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
