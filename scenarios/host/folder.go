package host

import (
	"errors"
	"fmt"
	"os"

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
