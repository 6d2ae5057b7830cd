package local

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// hierarchy is a mounted cgroup hierarchy.
type hierarchy struct {
	version     int      // 1 or 2
	mount, root string   // the mount point, and the cgroup that is mounted there
	controllers []string // of version 1; a name=… among them is not a controller
}

// dir returns the folder of a cgroup that /proc/PID/cgroup names.
func (h hierarchy) dir(name string) string {
	if h.root != "/" {
		name = strings.TrimPrefix(name, h.root)
	}
	return filepath.Join(h.mount, name)
}

// hierarchies returns the cgroup hierarchies mounted here.
func hierarchies() ([]hierarchy, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("find the cgroup hierarchies: %w", err)
	}
	return parseMounts(string(text)), nil
}

// parseMounts reads /proc/PID/mountinfo, see proc_pid_mountinfo(5): root and
// mount point are the fields four and five, file system type and its options
// the first and the third after a lone dash.
func parseMounts(text string) []hierarchy {
	var found []hierarchy
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		dash := slices.Index(fields, "-")
		if dash < 5 || len(fields) < dash+4 {
			continue
		}
		h := hierarchy{root: fields[3], mount: fields[4]}
		switch fields[dash+1] {
		case "cgroup":
			h.version, h.controllers = 1, strings.Split(fields[dash+3], ",")
		case "cgroup2":
			h.version = 2
		default:
			continue
		}
		found = append(found, h)
	}
	return found
}

// find returns the hierarchy that has the controller: a version 1 one that
// lists it, else the version 2 one.
func find(all []hierarchy, controller string) (hierarchy, bool) {
	var second hierarchy
	for _, h := range all {
		if h.version == 1 && slices.Contains(h.controllers, controller) {
			return h, true
		}
		if h.version == 2 {
			second = h
		}
	}
	return second, second.version == 2
}

// membership returns the folder of the cgroup that a process, or a thread
// ("PID/task/TID"), is in for the given hierarchy.
func (h hierarchy) membership(process string) (string, error) {
	text, err := memberships(process)
	if err != nil {
		return "", err
	}
	return h.member(process, text)
}

// memberships reads which cgroups a process or thread is in. One reading for
// all hierarchies shows one moment: a process that ends is moved to the top.
func memberships(process string) (string, error) {
	text, err := os.ReadFile(path.Join("/proc", process, "cgroup"))
	if err != nil {
		return "", fmt.Errorf("find the cgroup of process %s: %w", process, err)
	}
	return string(text), nil
}

// member returns the folder in this hierarchy from what memberships read.
func (h hierarchy) member(process, text string) (string, error) {
	name, ok := h.parseMembership(text)
	if !ok {
		return "", fmt.Errorf("find the cgroup of process %s: /proc does not say it", process)
	}
	return h.dir(name), nil
}

// parseMembership reads /proc/PID/cgroup, lines of ID:CONTROLLERS:NAME where
// version 2 has no controllers, see cgroups(7).
func (h hierarchy) parseMembership(text string) (string, bool) {
	for line := range strings.Lines(text) {
		_, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		controllers, name, ok := strings.Cut(rest, ":")
		if !ok {
			continue
		}
		if h.version == 2 && controllers == "" {
			return name, true
		}
		if h.version == 1 && controllers != "" && slices.Contains(h.controllers, strings.Split(controllers, ",")[0]) {
			return name, true
		}
	}
	return "", false
}
