package vm

import (
	"fmt"

	"servebench/targets"
)

// checkStatic refuses an executable that would not run alone in the guest.
func checkStatic(file string) error {
	static, err := targets.IsStatic(file)
	if err != nil {
		return fmt.Errorf("%s is not a Linux executable, and the guest has nothing to run anything else with (%w)", file, err)
	}
	if !static {
		return fmt.Errorf("%s is dynamically linked, and the guest has nothing but the executable: build it statically (Go: CGO_ENABLED=0)", file)
	}
	return nil
}
