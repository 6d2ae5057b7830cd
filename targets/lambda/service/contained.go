package service

import (
	"servebench/targets"
	"servebench/targets/oci"
)

// Contained is a Sandbox of containers that share one read-only root folder.
type Contained struct {
	Root    *oci.Root
	Runtime oci.Runtime
	Args    []string // argument vector in the container
	Env     []string // of the function, KEY=VALUE
	CPUs    []int    // that it is pinned to; empty: not pinned
}

// Name implements Sandbox.
func (s Contained) Name() string { return s.Runtime.Version }

// Start implements Sandbox. It returns once the runtime's process exists.
func (s Contained) Start(p Process) (Running, error) {
	started, err := s.Root.Start(s.Runtime, oci.Command{
		Args: s.Args, Env: targets.MergeEnvironment(s.Env, append(p.Env, "LAMBDA_TASK_ROOT=/bin")),
		CPUs: s.CPUs, Memory: p.Memory, Cgroup: p.Cgroup, Carrier: p.Carrier, Output: p.Output,
	})
	if err != nil {
		return nil, err
	}
	return started, nil
}
