package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"servebench/targets"
)

// Leftovers finds the cgroups and WorkFolders that a servebench left which was killed. To
// remove a cgroup ends the processes in it: what its servers started may still run.
func Leftovers(context.Context) ([]targets.Leftover, error) {
	all, _ := hierarchies() // there may be no cgroups on this system
	folders, err := abandonedWork()
	return append(leftovers(all), folders...), err
}

func leftovers(all []hierarchy) []targets.Leftover {
	var found []targets.Leftover
	seen := map[string]bool{}
	for _, h := range all {
		left, _ := filepath.Glob(filepath.Join(h.mount, cgroupPrefix+"*")) // the pattern is well formed
		for _, dir := range left {
			name := filepath.Base(dir)
			if seen[name] || !abandonedFolder(dir, cgroupPrefix) {
				continue
			}
			seen[name] = true
			found = append(found, targets.Leftover{
				What:   "cgroup " + name + named(all, name).inhabitants(),
				Remove: func(context.Context) error { return named(all, name).Close() },
			})
		}
	}
	return found
}

// inhabitants names the processes that run in the cgroup: " with processes 12, 34".
func (c *Cgroup) inhabitants() string {
	pids, err := c.Processes()
	switch {
	case err != nil || len(pids) == 0: // or it is gone meanwhile
		return ""
	case len(pids) == 1:
		return fmt.Sprintf(" with process %d", pids[0])
	}
	return " with processes " + strings.Trim(strings.ReplaceAll(fmt.Sprint(pids), " ", ", "), "[]")
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

// Self is this process as a maker.
func Self() Maker {
	m := Maker{PID: os.Getpid(), Space: space()}
	if s, err := readStat(m.PID); err == nil {
		m.Start = s.start
	}
	return m
}

// space is the inode of this process's namespace of process ids, see
// pid_namespaces(7); 0 where it is not known.
func space() uint64 {
	link, _ := os.Readlink("/proc/self/ns/pid") // "pid:[4026531836]"
	inode, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(link, "pid:["), "]"), 10, 64)
	if err != nil {
		return 0
	}
	return inode
}

// gone reports whether the process ended for certain.
func (m Maker) gone() bool {
	if m.Space != space() {
		return false
	}
	if errors.Is(syscall.Kill(m.PID, 0), syscall.ESRCH) {
		return true
	}
	// It may be another process by now, or one that nobody waited for yet.
	s, err := readStat(m.PID)
	return err == nil && (s.start != m.Start || s.dead)
}
