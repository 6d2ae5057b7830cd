package kernel

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Find returns the kernel to boot where the user names none: that of this
// machine, which is the same for the server in the guest as on the machine, if
// it can be read and has the modules wanted, else the newest one below the
// folder dir, where each has a folder named PACKAGE_VERSION. The modules are as
// Kernel.Modules returns them.
func Find(dir string, modules []string) (*Kernel, []Module, error) {
	own, found, err1 := running("/", modules)
	if err1 == nil {
		return own, found, nil
	}
	cached, found, err2 := newest(dir, modules)
	if err2 == nil {
		return cached, found, nil
	}
	return nil, nil, fmt.Errorf("%w, and this machine's own kernel does not serve (%w)", err2, err1)
}

// running returns the kernel that this machine runs.
func running(root string, modules []string) (*Kernel, []Module, error) {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return nil, nil, err
	}
	return usable(filepath.Join(root, "boot", "vmlinuz-"+strings.TrimSpace(string(release))), modules)
}

// newest returns the newest kernel of a cache folder that can be used.
func newest(dir string, modules []string) (*Kernel, []Module, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*_*", "boot", "vmlinuz-*"))
	if err != nil || len(paths) == 0 {
		return nil, nil, errors.Join(fmt.Errorf("there is no guest kernel in %s", dir), err)
	}
	slices.SortFunc(paths, func(a, b string) int { return compareVersions(b, a) })
	var failed error
	for _, path := range paths {
		k, found, err := usable(path, modules)
		if err == nil {
			return k, found, nil
		}
		failed = errors.Join(failed, err)
	}
	return nil, nil, fmt.Errorf("no guest kernel in %s can be used: %w", dir, failed)
}

// usable returns the kernel with all the modules wanted, if they are at hand.
func usable(path string, modules []string) (*Kernel, []Module, error) {
	k, err := Read(path)
	if err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(k.modules); err != nil {
		return nil, nil, err
	}
	found, err := k.Modules(modules...)
	if err != nil {
		return nil, nil, err
	}
	return k, found, nil
}

// compareVersions orders names by the numbers in them: 6.1.0-9 before 6.1.0-56.
func compareVersions(a, b string) int {
	for a != "" && b != "" {
		x, restA := token(a)
		y, restB := token(b)
		if c := compareTokens(x, y); c != 0 {
			return c
		}
		a, b = restA, restB
	}
	return len(a) - len(b)
}

// token splits off the digits that a text begins with, or all up to the first
// one.
func token(s string) (first, rest string) {
	number := isDigit(rune(s[0]))
	if i := strings.IndexFunc(s, func(r rune) bool { return isDigit(r) != number }); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// compareTokens compares numbers by value, everything else as text.
func compareTokens(x, y string) int {
	if isDigit(rune(x[0])) && isDigit(rune(y[0])) {
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		if len(x) != len(y) {
			return len(x) - len(y)
		}
	}
	return strings.Compare(x, y)
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
