//go:build !linux

package baseline

import (
	"errors"
	"os"
)

// swap is not to be had.
func swap(*os.Root, string, string) error { return errors.ErrUnsupported }
