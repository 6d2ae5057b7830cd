package kernel

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// sumsFile lies beside a kernel that was fetched, as sha256sum(1) writes it.
const sumsFile = "SHA256SUMS"

// Checksum returns the kernel's SHA-256 in hexadecimal digits. It fails where a
// file SHA256SUMS beside the kernel names another one.
func (k *Kernel) Checksum() (string, error) {
	f, err := os.Open(k.Path)
	if err != nil {
		return "", fmt.Errorf("checksum the guest's kernel: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("checksum the guest's kernel: %w", err)
	}
	got := hex.EncodeToString(sum.Sum(nil))
	file := filepath.Join(filepath.Dir(k.Path), sumsFile)
	want, err := noted(file, filepath.Base(k.Path))
	if err != nil {
		return "", fmt.Errorf("checksum the guest's kernel: %w", err)
	}
	if want != "" && !strings.EqualFold(got, want) {
		return "", fmt.Errorf("the guest's kernel %s is not the one that was fetched: its SHA-256 is %s, and in %s it is %s", k.Path, got, file, want)
	}
	return got, nil
}

// noted returns the checksum that a list has for a file of that name; "" where
// there is no list, or the file is not in it.
func noted(list, name string) (string, error) {
	f, err := os.Open(list)
	if os.IsNotExist(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		sum, file, _ := strings.Cut(lines.Text(), " ")
		// A space or an asterisk is before the name: text, or binary.
		if strings.TrimLeft(file, " *") == name {
			return sum, nil
		}
	}
	return "", lines.Err()
}
