package container

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"servebench/targets"
	"servebench/targets/process"
)

// runcInstance is a container that a runc process of ours carries. Done and
// Err are that process's own: it ends with the server and with its status.
type runcInstance struct {
	*process.Process
	runtime, id string
	bundle      *bundle
	group       *process.Cgroup // nil: none
	once        sync.Once
	err         error // of Close
}

// container returns the server's process and when it came into being, which
// runc writes a file about; runc's own and the start of time when it did not.
func (i *runcInstance) container() (int, time.Time) {
	text, err1 := os.ReadFile(i.bundle.pidFile())
	info, err2 := os.Stat(i.bundle.pidFile())
	pid, err3 := strconv.Atoi(strings.TrimSpace(string(text)))
	if errors.Join(err1, err2, err3) != nil {
		return i.PID(), i.Started
	}
	return pid, info.ModTime()
}

// Usage is that of the container's cgroup and of the runc process; without a
// cgroup, that of the whole process tree.
func (i *runcInstance) Usage() (targets.Usage, error) {
	if i.group == nil {
		return process.TreeUsage(i.PID())
	}
	usage, err := i.group.Usage()
	if err != nil {
		return targets.Usage{}, err
	}
	return usage.Add(process.ProcessUsage(i.PID())), nil
}

// Close stops the server and removes the container and the unpacked image.
func (i *runcInstance) Close(ctx context.Context) error {
	i.once.Do(func() {
		i.Stop(ctx, process.Grace)
		i.err = errors.Join(i.discard(), i.bundle.remove())
	})
	return i.err
}

// discard makes runc forget the container, killing what is left of it, and
// removes its cgroup and the files of this start. The runc process is gone by
// now. runc reports a container that it does not know; what counts is that
// nothing is left, which the cgroup tells.
func (i *runcInstance) discard() error {
	ctx, cancel := context.WithTimeout(context.Background(), cleanTime)
	defer cancel()
	_, failed := output(ctx, i.runtime, "--root", i.bundle.state(), "delete", "--force", i.id)
	if i.group != nil {
		failed = i.group.Close()
	}
	return errors.Join(failed, os.RemoveAll(i.bundle.state()), os.RemoveAll(i.bundle.pidFile()))
}
