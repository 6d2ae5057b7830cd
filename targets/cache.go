package targets

import (
	"fmt"
	"os"
	"path/filepath"
)

// CacheDir is a folder for what is kept on this machine: below $SERVEBENCH_CACHE, else
// the user's own cache. It need not exist; "" names the whole cache.
func CacheDir(name string) (string, error) {
	if dir := os.Getenv("SERVEBENCH_CACHE"); dir != "" {
		return filepath.Abs(filepath.Join(dir, name))
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w", err)
	}
	return filepath.Join(user, "servebench", name), nil
}
