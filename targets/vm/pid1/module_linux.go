package pid1

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// loadModules loads kernel modules in the order given.
func loadModules(paths []string) error {
	for _, path := range paths {
		if err := loadModule(path); err != nil {
			return fmt.Errorf("load the kernel module %s: %w", path, err)
		}
	}
	return nil
}

// loadModule loads one; that it is there already is no fault.
func loadModule(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.FinitModule(int(f.Fd()), "", 0); !errors.Is(err, unix.EEXIST) {
		return err
	}
	return nil
}
