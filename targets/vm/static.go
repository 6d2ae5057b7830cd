package vm

import (
	"debug/elf"
	"fmt"
)

// checkStatic refuses an executable that would not run alone in the guest.
func checkStatic(file string) error {
	binary, err := elf.Open(file)
	if err != nil {
		return fmt.Errorf("%s is not a Linux executable, and the guest has nothing to run anything else with (%w)", file, err)
	}
	defer binary.Close()
	for _, program := range binary.Progs {
		if program.Type == elf.PT_INTERP {
			return fmt.Errorf("%s is dynamically linked, and the guest has nothing but the executable: build it statically (Go: CGO_ENABLED=0)", file)
		}
	}
	return nil
}
