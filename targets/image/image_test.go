package image

import (
	"debug/elf"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"servebench/targets"
)

// program writes a file that has the header of a static program.
func program(t *testing.T, name string) string {
	t.Helper()
	// A 64-bit little-endian ELF file with one program header, see elf(5).
	file := make([]byte, 64+56)
	copy(file, "\x7fELF\x02\x01\x01")
	file[16], file[18], file[20], file[32], file[52], file[54], file[56] = 2, byte(elf.EM_X86_64), 1, 64, 64, 56, 1
	file[64] = byte(elf.PT_LOAD)
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, file, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestImageIsTheSameEveryTime(t *testing.T) {
	var digests []string
	for range 2 {
		w := targets.Workload{Command: []string{program(t, "server"), "-v"}, Limits: targets.Limits{Memory: 1}}
		img, err := Open(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, img.Digest)
		if !img.Static || !slices.Equal(img.Config.Entrypoint, []string{"/bin/server"}) {
			t.Errorf("static %t, entry point %q", img.Static, img.Config.Entrypoint)
		}
		config, err := img.ConfigFile()
		if err != nil || config.Config.User != "65534:65534" || len(config.RootFS.DiffIDs) != 1 {
			t.Errorf("config %+v, %v", config, err)
		}
	}
	if digests[0] != digests[1] {
		t.Errorf("two builds of one file: %v", digests)
	}
}

func TestExecutableThatIsNotThere(t *testing.T) {
	if _, err := Open(t.Context(), targets.Workload{Command: []string{"/no/such/server"}}); err == nil || !strings.Contains(err.Error(), "/no/such/server") {
		t.Errorf("error %v", err)
	}
}

func TestImageFile(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.tar")
	if err := os.WriteFile(broken, []byte("not a tar"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{broken, dir} {
		if _, err := Open(t.Context(), targets.Workload{Image: file}); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("error %v does not name %s", err, file)
		}
	}
}
