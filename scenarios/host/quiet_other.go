//go:build !linux

package host

import (
	"errors"
	"runtime"
)

// Raise fails: it is only known how to on Linux.
func Raise() (restore func() error, err error) {
	return nil, errors.New("raise priority: not on " + runtime.GOOS)
}

// KeepAwake fails: it is only known how to on Linux.
func KeepAwake() (restore func() error, err error) {
	return nil, errors.New("keep CPUs awake: not on " + runtime.GOOS)
}
