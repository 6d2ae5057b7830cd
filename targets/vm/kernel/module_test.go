package kernel

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/binary"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// object is an ELF object file with nothing but a section .modinfo.
func object(t testing.TB, modinfo string) []byte {
	t.Helper()
	const names = "\x00.modinfo\x00.shstrtab\x00"
	h := elf.Header64{Type: uint16(elf.ET_REL), Machine: uint16(elf.EM_X86_64), Version: 1, Ehsize: 64, Shentsize: 64, Shnum: 3, Shstrndx: 2}
	copy(h.Ident[:], "\x7fELF\x02\x01\x01")
	data := uint64(64)
	h.Shoff = data + uint64(len(modinfo)+len(names))
	sections := []elf.Section64{
		{},
		{Name: 1, Type: uint32(elf.SHT_PROGBITS), Off: data, Size: uint64(len(modinfo))},
		{Name: 10, Type: uint32(elf.SHT_STRTAB), Off: data + uint64(len(modinfo)), Size: uint64(len(names))},
	}
	var b bytes.Buffer
	for _, part := range []any{h, []byte(modinfo), []byte(names), sections} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// packed compresses with gzip.
func packed(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func kernelWith(t *testing.T, files map[string][]byte) *Kernel {
	t.Helper()
	root := t.TempDir()
	install(t, root, "6.1", files)
	k, err := Read(filepath.Join(root, "boot", "vmlinuz-6.1"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestModulesComeAfterWhatTheyNeed(t *testing.T) {
	k := kernelWith(t, map[string][]byte{
		"kernel/drivers/net/virtio_net.ko":            object(t, "license=GPL\x00depends=virtio,net-failover,virtio_ring\x00name=virtio_net\x00"),
		"kernel/drivers/net/net_failover.ko":          object(t, "depends=failover\x00"),
		"kernel/net/core/failover.ko":                 object(t, "depends=\x00"),
		"kernel/drivers/virtio/virtio.ko":             object(t, "depends=virtio_ring\x00"),
		"kernel/drivers/virtio/virtio_ring.ko":        object(t, "intree=Y\x00"),
		"kernel/drivers/char/hw_random/virtio-rng.ko": object(t, "depends=\x00"),
		"modules.builtin":                             []byte("kernel/drivers/virtio/virtio_pci.ko\n"),
	})
	modules, err := k.Modules("virtio_pci", "virtio_net", "virtio_rng")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range modules {
		names = append(names, m.Name)
	}
	if want := []string{"virtio_ring", "virtio", "failover", "net_failover", "virtio_net", "virtio_rng"}; !slices.Equal(names, want) {
		t.Errorf("modules %q, want %q", names, want)
	}
}

func TestModulesThatCannotBeHad(t *testing.T) {
	k := kernelWith(t, map[string][]byte{
		"kernel/a.ko":      object(t, "depends=b\x00"),
		"kernel/odd.ko.lz": object(t, "depends=\x00"),
		"kernel/text.ko":   []byte("this is no module"),
		"kernel/bad.ko.gz": []byte("this is not compressed"),
	})
	for name, want := range map[string]string{
		"none": "none is neither built in", "a": "a needs b is neither built in", "odd": "odd.ko.lz: its compression", "text": "text.ko", "bad": "bad.ko.gz",
	} {
		if _, err := k.Modules(name); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "6.1") {
			t.Errorf("module %s: %v, want %q and the kernel's version", name, err, want)
		}
	}
}

func TestCompressedModule(t *testing.T) {
	if _, err := exec.LookPath("gzip"); err != nil {
		t.Skip("gzip is not in PATH; install it to run this test")
	}
	content := object(t, "depends=\x00")
	k := kernelWith(t, map[string][]byte{"kernel/a.ko.gz": packed(t, content)})
	modules, err := k.Modules("a")
	if err != nil || len(modules) != 1 || !bytes.Equal(modules[0].Content, content) {
		t.Errorf("modules %v, %v, want what was compressed", modules, err)
	}
}

// What is missing is the program, which the message names: the user has to
// install it.
func TestModuleThatNothingUncompresses(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	k := kernelWith(t, map[string][]byte{"kernel/a.ko.xz": nil, "kernel/b.ko.zst": nil})
	for name, want := range map[string]string{"a": "and xz, which reads it, is not in PATH", "b": "and zstd, which"} {
		if _, err := k.Modules(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("module %s: %v, want %q", name, err, want)
		}
	}
}

// A kernel that comes without a folder of modules has everything built in.
func TestNoModulesAtAll(t *testing.T) {
	if modules, err := kernelWith(t, nil).Modules("virtio_net"); err != nil || modules != nil {
		t.Errorf("modules %v, %v, want none", modules, err)
	}
}

func FuzzDepends(f *testing.F) {
	f.Add(object(f, "license=GPL\x00depends=virtio,virtio_ring\x00"))
	f.Add(object(f, "depends=,,\x00"))
	f.Add([]byte("\x7fELF"))
	f.Fuzz(func(t *testing.T, content []byte) {
		names, err := depends(content)
		if err != nil && names != nil {
			t.Fatalf("%q, %v", names, err)
		}
		if slices.Contains(names, "") {
			t.Fatalf("%q has an empty name", names)
		}
	})
}
