package kubernetes

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"servebench/reports/record"
	"servebench/targets/local"
)

// nodes follows what of a deployment's pods is on this machine: where the node is this
// machine, the kubelet makes a cgroup for each pod, named after its unique id.
type nodes struct {
	cpus []int // to pin the pods to; empty: none

	mu     sync.Mutex
	groups map[string]*podGroup // by unique id
	fault  error                // why pods are not pinned
}

// podGroup is the cgroup of a pod on this machine.
type podGroup struct {
	*local.Cgroup
	last record.Usage // as far as it was read, which counts on when the pod is gone
}

func newNodes(cpus []int) *nodes { return &nodes{cpus: cpus, groups: map[string]*podGroup{}} }

// How long to look for the cgroup of a pod that has a node, and how often.
const (
	searchTime  = 10 * time.Second
	searchPause = 5 * time.Millisecond
)

// attend looks for the cgroups of pods as they come, until ctx ends.
func (n *nodes) attend(ctx context.Context, o *observer) {
	seen := map[string]bool{}
	for {
		o.mu.Lock()
		changed := o.changed
		for _, p := range o.pods {
			if p.Spec.NodeName != "" && !seen[p.Metadata.UID] {
				seen[p.Metadata.UID] = true
				go n.search(ctx, p.Metadata.UID)
			}
		}
		o.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// search waits for the pod's cgroup, and pins it before there is a process in it.
func (n *nodes) search(ctx context.Context, uid string) {
	for deadline := time.Now().Add(searchTime); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(searchPause) {
		group := local.SearchCgroup(patterns(uid)...)
		if group == nil {
			continue
		}
		var err error
		if len(n.cpus) > 0 {
			err = group.Pin(n.cpus)
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		n.groups[uid] = &podGroup{Cgroup: group}
		n.fault = errors.Join(n.fault, err)
		return
	}
}

// patterns are where kubelets make the cgroup of a pod: by cgroupfs or by systemd, at the top
// or below a folder of the cluster's.
func patterns(uid string) []string {
	folder, slice := "pod"+uid, "pod"+strings.ReplaceAll(uid, "-", "_")+".slice"
	var all []string
	for _, above := range []string{"", "*", "*/*"} {
		for _, class := range []string{"", "burstable", "besteffort"} {
			all = append(all, filepath.Join(above, "kubepods", class, folder))
			tail := "kubepods-" + slice
			if class != "" {
				tail = filepath.Join("kubepods-"+class+".slice", "kubepods-"+class+"-"+slice)
			}
			all = append(all, filepath.Join(above, "kubepods.slice", tail))
		}
	}
	return all
}

// pinFault is why pods are not pinned; nil: they are, or need not be.
func (i *instance) pinFault() error {
	i.nodes.mu.Lock()
	defer i.nodes.mu.Unlock()
	return i.nodes.fault
}

// here reports whether a pod is on this machine.
func (n *nodes) here() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.groups) > 0
}

// groupOf is the cgroup of a pod; nil: it is not on this machine.
func (n *nodes) groupOf(uid string) *podGroup {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.groups[uid]
}

// serverProcess is the id of the server's first process, where that is on this machine; 0: it
// is not.
func (i *instance) serverProcess() int {
	p, _ := i.observer.firstPod()
	return i.processOf(p)
}

// processOf is the same of the server in any pod.
func (i *instance) processOf(p pod) int {
	group := i.nodes.groupOf(p.Metadata.UID)
	_, id, found := strings.Cut(p.server().ContainerID, "://")
	if group == nil || !found {
		return 0
	}
	pids, err := group.Processes()
	if err != nil {
		return 0
	}
	at := slices.IndexFunc(pids, func(pid int) bool {
		of, err := local.FindCgroup(pid)
		return err == nil && of.Of(id)
	})
	if at < 0 {
		return 0
	}
	return pids[at]
}

// used is what the pods used so far.
func (i *instance) used(ctx context.Context) (record.Usage, error) {
	i.nodes.mu.Lock()
	defer i.nodes.mu.Unlock()
	var all record.Usage
	for _, group := range i.nodes.groups {
		if now, err := group.Usage(); err == nil {
			group.last = now
		} else {
			group.last.Resident = 0 // it is gone
		}
		all = all.Add(group.last)
	}
	return all, nil
}
