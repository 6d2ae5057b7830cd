package kernel

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
