package targettest

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"servebench/targets"
)

// How a test uses the local Kubernetes: with others, or alone since it measures, drains the
// node or breaks it otherwise.
const (
	Together = syscall.LOCK_SH
	Alone    = syscall.LOCK_EX
)

// clusterPatience bounds the wait for those who have the cluster.
const clusterPatience = 15 * time.Minute

// HoldCluster waits until the local Kubernetes can be used in that way, whichever processes
// use it, and holds it until release is called.
func HoldCluster(way int) (release func(), err error) {
	if isVictim() {
		return func() {}, nil // the test whose process it is has it
	}
	path, err := targets.CacheDir("kubernetes")
	if err != nil {
		return nil, err
	}
	folder, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		err := syscall.Flock(int(folder.Fd()), way|syscall.LOCK_NB)
		if err == nil {
			return func() { folder.Close() }, nil
		}
		if err != syscall.EWOULDBLOCK && err != syscall.EINTR || time.Since(began) > clusterPatience {
			folder.Close()
			return nil, fmt.Errorf("wait for the cluster, which other tests hold by a lock of %s: %w", path, err)
		}
	}
}
