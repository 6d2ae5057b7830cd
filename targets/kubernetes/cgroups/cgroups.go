// Package cgroups reads and pins the pods of a deployment by their control groups, where the
// node is this machine: there the kubelet makes one for each pod, named after its unique id.
// The target kubernetes takes its usage and the processes of its servers from it.
package cgroups

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"servebench/reports/record"
	"servebench/targets/local"
)

// Groups are the cgroups of a deployment's pods, as far as they are on this machine. They are
// safe for concurrent use.
type Groups struct {
	cpus []int // to pin the pods to; empty: none

	mu     sync.Mutex
	groups map[string]*podGroup // by unique id
	fault  error                // why pods are not pinned
	unread time.Duration        // the longest time between the last reading of a pod and its end
	away   map[string]string    // names of pods that ran and have no group here, by unique id
}

// podGroup is the cgroup of a pod on this machine.
type podGroup struct {
	*local.Cgroup
	spent record.Usage // as it was read last, but for the memory, which counts on when the pod is gone
	read  time.Time
	gone  bool

	lately float64 // its CPU time in seconds, of which that counts for less that is longer ago
}

// New returns the Groups of pods that are pinned to CPUs; none: they are not.
func New(cpus []int) *Groups {
	return &Groups{cpus: cpus, groups: map[string]*podGroup{}, away: map[string]string{}}
}

// Pods tells of the pods of a deployment.
type Pods interface {
	// Placed returns the unique ids of those that have a node, and what is closed when there
	// may be more.
	Placed() (ids []string, changed <-chan struct{})
	// Running is the name of the pod with a unique id; "": its server does not run.
	Running(id string) string
}

// How long to look for the cgroup of a pod that has a node, and how often.
const (
	searchTime  = 10 * time.Second
	searchPause = 5 * time.Millisecond
)

// Attend looks for the cgroups of pods as they come, until ctx ends.
func (g *Groups) Attend(ctx context.Context, pods Pods) {
	seen := map[string]bool{}
	for {
		ids, changed := pods.Placed()
		for _, id := range ids {
			if !seen[id] {
				seen[id] = true
				go g.search(ctx, pods, id)
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// search waits for the pod's cgroup, and pins it before there is a process in it.
func (g *Groups) search(ctx context.Context, pods Pods, uid string) {
	for deadline := time.Now().Add(searchTime); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(searchPause) {
		g.miss(pods, uid) // until it is found
		group := local.SearchCgroup(patterns(uid)...)
		if group == nil {
			continue
		}
		var err error
		if len(g.cpus) > 0 {
			err = group.Pin(g.cpus)
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.away, uid)
		g.groups[uid] = &podGroup{Cgroup: group, read: time.Now()}
		g.fault = errors.Join(g.fault, err)
		return
	}
	g.miss(pods, uid)
}

// miss notes that a pod without a group runs.
func (g *Groups) miss(pods Pods, uid string) {
	if name := pods.Running(uid); name != "" {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.away[uid] = name
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

// PinFault is why pods are not pinned; nil: they are, or need not be.
func (g *Groups) PinFault() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.fault
}

// Here reports whether a pod is on this machine.
func (g *Groups) Here() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.groups) > 0
}

// Process is the id of the first process of a pod's container, whose id has the form
// containerd://ID; 0: it is not on this machine.
func (g *Groups) Process(uid, container string) int {
	g.mu.Lock()
	group := g.groups[uid]
	g.mu.Unlock()
	_, id, found := strings.Cut(container, "://")
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

// readPause is how often the CPU time of pods is read that may end, and most how old the last
// reading of one may be that did.
const (
	readPause = 250 * time.Millisecond
	mostOld   = time.Second
)

// Follow reads the pods' CPU time until ctx ends: when a pod ended, its cgroup is gone.
func (g *Groups) Follow(ctx context.Context) {
	for ctx.Err() == nil {
		g.readSpent()
		time.Sleep(readPause)
	}
}

// readSpent reads what CPU time the pods used so far, those included that are gone.
func (g *Groups) readSpent() (all record.Usage) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, group := range g.groups {
		now := time.Now()
		switch spent, err := group.Spent(); {
		case err == nil:
			spent.Throttled = max(spent.Throttled, group.spent.Throttled) // of containers that are gone, too
			group.lately = group.lately*math.Exp(-now.Sub(group.read).Seconds()/lately.Seconds()) + (spent.CPU - group.spent.CPU).Seconds()
			group.spent, group.read = spent, now
		case !group.gone:
			group.gone = true
			g.unread = max(g.unread, now.Sub(group.read))
		}
		all = all.Add(group.spent)
	}
	return all
}

// lately is how long ago CPU time of a pod counts for a third in what it did lately.
const lately = time.Second

// Busiest returns the pod that used the most CPU time lately of those with the unique ids; "":
// none of them is on this machine.
func (g *Groups) Busiest(ids []string) (busiest string) {
	g.readSpent()
	g.mu.Lock()
	defer g.mu.Unlock()
	most := -1.0
	for _, id := range ids {
		if group := g.groups[id]; group != nil && !group.gone && group.lately > most {
			busiest, most = id, group.lately
		}
	}
	return busiest
}

// ReadMemory reads what memory the pods hold.
func (g *Groups) ReadMemory() (all record.Usage, err error) {
	g.mu.Lock()
	groups := slices.Collect(maps.Values(g.groups))
	g.mu.Unlock()
	for _, group := range groups { // in which no process is left when the pod is gone
		if now, err := group.Usage(); err == nil {
			all.Resident += now.Resident
		}
	}
	return all, nil
}

// Used is what the pods used so far; an error where some of them are elsewhere.
func (g *Groups) Used() (record.Usage, error) {
	held, _ := g.ReadMemory() // which does not fail
	all := g.readSpent().Add(held)
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, name := range g.away {
		return record.Usage{}, fmt.Errorf("the pod %s has no control group on this machine, unlike others", name)
	}
	if g.unread > mostOld {
		all.Unread = g.unread
	}
	g.unread = 0
	return all, nil
}
