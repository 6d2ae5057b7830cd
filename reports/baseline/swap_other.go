//go:build !linux

package baseline

import "errors"

// swap is not to be had.
func swap(string, string) error { return errors.ErrUnsupported }
