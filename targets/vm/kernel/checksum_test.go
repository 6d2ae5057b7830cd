package kernel

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
