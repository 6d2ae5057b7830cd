//go:build !linux

package host

import (
	"errors"
	"runtime"
	"time"
)

// Raise fails: it is only known how to on Linux.
func Raise() (restore func() error, err error) {
	return nil, errors.New("raise priority: not on " + runtime.GOOS)
}

// Awake keeps CPUs out of their idle states.
type Awake struct{}

// KeepAwake fails: it is only known how to on Linux.
func KeepAwake([]int) (*Awake, error) {
	return nil, errors.New("keep CPUs awake: not on " + runtime.GOOS)
}

// Close does nothing.
func (*Awake) Close() error { return nil }

// Used is 0.
func (*Awake) Used() time.Duration { return 0 }
