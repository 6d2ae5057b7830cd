package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"servebench/targets"

	"github.com/shirou/gopsutil/v4/disk"
)

// Space returns how much can still be written below a folder, and fails where
// nothing can. It writes a file there and removes it.
func Space(dir string) (targets.Bytes, error) {
	file, err := os.CreateTemp(dir, "servebench-space-*")
	if err != nil {
		return 0, fmt.Errorf("write into %s: %w", dir, err)
	}
	_, err = file.WriteString("x")
	if err := errors.Join(err, file.Close(), os.Remove(file.Name())); err != nil {
		return 0, fmt.Errorf("write into %s: %w", dir, err)
	}
	usage, err := disk.Usage(dir)
	if err != nil {
		return 0, fmt.Errorf("ask for the space in %s: %w", dir, err)
	}
	return targets.Bytes(usage.Free), nil
}

// CacheDir is a folder for what is kept on this machine: below $SERVEBENCH_CACHE, else
// the user's own cache. It need not exist.
func CacheDir(name string) (string, error) {
	dir := os.Getenv("SERVEBENCH_CACHE")
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find the cache folder: %w", err)
		}
		dir = filepath.Join(user, "servebench")
	}
	return filepath.Join(dir, name), nil
}
