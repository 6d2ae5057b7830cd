package pid1

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// cgroup is the folder of the version 2 control group that holds the server.
type cgroup string

// newCgroup makes an empty one below the top, and hands the memory controller
// down to it.
func newCgroup(top string) (cgroup, error) {
	dir := filepath.Join(top, "server")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", fmt.Errorf("make a cgroup: %w", err)
	}
	if err := write(filepath.Join(top, "cgroup.subtree_control"), "+memory"); err != nil {
		return cgroup(dir), fmt.Errorf("enable the memory controller: %w", err)
	}
	return cgroup(dir), nil
}

// limit sets the most memory that the processes may hold, in bytes, and returns
// what is in force. Swap does not extend it, where the kernel has any.
func (c cgroup) limit(memory int64) (int64, error) {
	if err := write(c.file("memory.max"), strconv.FormatInt(memory, 10)); err != nil {
		return 0, fmt.Errorf("limit the memory: %w", err)
	}
	if err := write(c.file("memory.swap.max"), "0"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("limit the memory: %w", err)
	}
	text, err := os.ReadFile(c.file("memory.max"))
	if err != nil {
		return 0, fmt.Errorf("read the memory limit: %w", err)
	}
	return strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
}

// outOfMemory reports whether the kernel killed one of the processes for want
// of memory.
func (c cgroup) outOfMemory() bool {
	text, _ := os.ReadFile(c.file("memory.events")) // not there: no controller
	for line := range strings.Lines(string(text)) {
		if kills, ok := strings.CutPrefix(strings.TrimSpace(line), "oom_kill "); ok {
			return kills != "0"
		}
	}
	return false
}

func (c cgroup) file(name string) string { return filepath.Join(string(c), name) }

// write writes an existing file; the cgroup file system refuses to create one.
func write(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
