package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"servebench/targets"
)

// A disk-fill takes the limit of disk space that pods have for it, and half of it again, so that
// the node's disk, which may be this machine's, cannot become full. The kubelet evicts the pod.
const (
	fillLimit    = 64 << 20
	fillQuantity = "64Mi"
	fillSize     = fillLimit + fillLimit/2
	fillName     = "servebench-disk-fill"
)

// fillable says that the disk of a pod is going to be filled, for which it gets a limit.
func (s server) fillable() bool { return slices.Contains(s.workload.Faults, targets.DiskFill) }

// fillDisk writes a file where a pod's server can write, that counts for its limit.
func (i *instance) fillDisk(p pod) (targets.Injected, error) {
	pid := i.processOf(p)
	switch {
	case pid == 0:
		return targets.Injected{}, errElsewhere
	case !i.server.fillable():
		return targets.Injected{}, errors.New("the pod has no limit of disk space, since the fault was not planned")
	}
	folder := ""
	if i.server.image.Static {
		folder = "/tmp" // all else is read-only
	}
	file := fmt.Sprintf("/proc/%d/root%s/%s", pid, folder, fillName)
	if err := fill(file); err != nil {
		return targets.Injected{}, errors.Join(fmt.Errorf("fill the disk of process %d: %w", pid, err), unfill(file))
	}
	return targets.Injected{
		Text: fmt.Sprintf("%s written to %s/%s, of %s that the pod may take", targets.Bytes(fillSize), folder, fillName, targets.Bytes(fillLimit)),
		Heal: func(context.Context) error { return unfill(file) },
	}, nil
}

func fill(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	zeros := make([]byte, 1<<20)
	for range fillSize / len(zeros) {
		if _, err := f.Write(zeros); err != nil {
			return err
		}
	}
	return f.Sync()
}

// unfill removes the file, unless it went with the pod.
func unfill(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
