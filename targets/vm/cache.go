package vm

import (
	"fmt"
	"os"
	"path/filepath"
)

// guestDir is the folder of the cache that holds the kernels: each in a folder
// PACKAGE_VERSION, as the Debian package unpacks.
const guestDir = "guest"

// cacheDir is servebench's cache folder, which need not exist: $SERVEBENCH_CACHE,
// else the user's own.
func cacheDir() (string, error) {
	if dir := os.Getenv("SERVEBENCH_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w", err)
	}
	return filepath.Join(dir, "servebench"), nil
}
