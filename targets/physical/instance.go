package physical

import (
	"context"
	"sync"

	"servebench/targets"
	"servebench/targets/local"
)

// instance is a running server. Done and Err are the process's own.
type instance struct {
	*local.Process
	targets.Account
	group *local.Cgroup // nil: none
	once  sync.Once
	err   error // of Close
}

// used asks the cgroup, which counts ended children as well; without one, the
// process tree.
func (i *instance) used(context.Context) (targets.Usage, error) {
	if i.group == nil {
		return local.TreeUsage(i.PID())
	}
	return i.group.Usage()
}

// Close ends the server and removes its cgroup.
func (i *instance) Close(ctx context.Context) error {
	i.once.Do(func() {
		i.Stop(ctx, local.Grace)
		i.err = i.group.Close()
	})
	return i.err
}
