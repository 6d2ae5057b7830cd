package process

import (
	"context"
	"errors"
	"path/filepath"
)

// Sweep removes the cgroups that a servebench left which was killed, and ends
// the processes in them: what its servers started may still run. It returns a
// line for each.
func Sweep(ctx context.Context) ([]string, error) {
	all, err := hierarchies()
	if err != nil {
		return nil, nil // no cgroups on this system
	}
	return sweep(ctx, all)
}

func sweep(ctx context.Context, all []hierarchy) ([]string, error) {
	var removed []string
	var failed []error
	done := map[string]bool{}
	for _, h := range all {
		left, _ := filepath.Glob(filepath.Join(h.mount, cgroupPrefix+"*")) // the pattern is well formed
		for _, dir := range left {
			name := filepath.Base(dir)
			if done[name] || !AbandonedFolder(dir, cgroupPrefix) {
				continue
			}
			done[name] = true
			if err := context.Cause(ctx); err != nil {
				return removed, errors.Join(append(failed, err)...)
			}
			if err := named(all, name).Close(); err != nil {
				failed = append(failed, err)
				continue
			}
			removed = append(removed, "cgroup "+name)
		}
	}
	return removed, errors.Join(failed...)
}

// named returns the cgroup of that name in the hierarchies.
func named(all []hierarchy, name string) *Cgroup {
	c := &Cgroup{name: name, all: all}
	for controller, f := range map[string]*folder{"memory": &c.memory, "cpuacct": &c.cpu} {
		h, _ := find(all, controller)
		*f = folder{h, filepath.Join(h.mount, name)}
	}
	return c
}
