package local

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"servebench/targets"
)

// Cgroup is a control group, version 1 or 2: the kernel's account of what a
// server and all its processes used, the ended ones included, and the limit of
// their memory.
type Cgroup struct {
	name   string
	memory folder // of the memory controller
	cpu    folder // of the CPU account
	// The CPU controller's and the freezer's; empty: none, or nothing is to be known of it.
	share, freezer folder
	state          *os.File // of the freezer, held open since it is written at every request; nil: none
	all            []hierarchy
}

// folder is the cgroup in one hierarchy.
type folder struct {
	hierarchy
	dir string
}

// cgroupPrefix begins the name of every cgroup made here; its Maker follows.
const cgroupPrefix = "servebench-"

// NewCgroup makes an empty cgroup at the top of the hierarchies, where the
// container engines put theirs. It fails where the host does not allow it:
// not root, or a read-only cgroup file system.
func NewCgroup() (*Cgroup, error) {
	all, err := hierarchies()
	if err != nil {
		return nil, err
	}
	return newCgroup(all)
}

func newCgroup(all []hierarchy) (*Cgroup, error) {
	memory, ok1 := find(all, "memory")
	cpu, ok2 := find(all, "cpuacct")
	if !ok1 || !ok2 {
		return nil, errors.New("make a cgroup: no cgroup file system with memory and CPU account is mounted")
	}
	c := &Cgroup{name: fmt.Sprintf("%s%s-%08x", cgroupPrefix, Self(), rand.Uint32()), all: all}
	c.memory = folder{memory, filepath.Join(memory.mount, c.name)}
	c.cpu = folder{cpu, filepath.Join(cpu.mount, c.name)}
	for _, f := range c.folders() {
		if err := os.Mkdir(f.dir, 0o755); err != nil {
			c.Close()
			return nil, fmt.Errorf("make a cgroup: %w", err)
		}
	}
	return c, nil
}

// FindCgroup returns the cgroup that a process is in. Close must not be called
// on it.
func FindCgroup(pid int) (*Cgroup, error) {
	all, err := hierarchies()
	if err != nil {
		return nil, err
	}
	memory, ok1 := find(all, "memory")
	cpu, ok2 := find(all, "cpuacct")
	if !ok1 || !ok2 {
		return nil, errors.New("find a cgroup: no cgroup file system with memory and CPU account is mounted")
	}
	process := strconv.Itoa(pid)
	text, err := memberships(process)
	if err != nil {
		return nil, err
	}
	c := &Cgroup{memory: folder{hierarchy: memory}, cpu: folder{hierarchy: cpu}, all: all}
	for _, f := range []*folder{&c.memory, &c.cpu} {
		if f.dir, err = f.member(process, text); err != nil {
			return nil, err
		}
	}
	if h, ok := find(all, "cpu"); ok { // else nothing is known of its quota
		c.share = folder{hierarchy: h}
		if c.share.dir, err = c.share.member(process, text); err != nil {
			c.share = folder{}
		}
	}
	return c, nil
}

// Of reports whether the cgroup was made for the container of that id, by
// which the engines name them.
func (c *Cgroup) Of(container string) bool {
	return strings.Contains(c.memory.dir, container) && strings.Contains(c.cpu.dir, container)
}

// folders returns the cgroup's folders, each once.
func (c *Cgroup) folders() []folder {
	var all []folder
	for _, f := range []folder{c.memory, c.cpu, c.share, c.freezer} {
		same := func(other folder) bool { return other.dir == f.dir }
		if f.dir != "" && !slices.ContainsFunc(all, same) {
			all = append(all, f)
		}
	}
	return all
}

// Path is the cgroup's name from the top of the hierarchies, as a container
// runtime takes it: "/servebench-123-4567-4026531836-0a1b2c3d".
func (c *Cgroup) Path() string { return "/" + c.name }

// LimitMemory sets the most memory that the cgroup's processes may hold, page
// cache included. Swap does not extend it where the kernel accounts for swap.
func (c *Cgroup) LimitMemory(limit targets.Bytes) error {
	text := strconv.FormatInt(int64(limit), 10)
	if c.memory.version == 2 {
		if err := c.memory.enable("memory"); err != nil {
			return fmt.Errorf("limit the memory: %w", err)
		}
		if err := c.memory.write("memory.max", text); err != nil {
			return fmt.Errorf("limit the memory: %w", err)
		}
		return c.memory.writeIfThere("memory.swap.max", "0")
	}
	if err := c.memory.write("memory.limit_in_bytes", text); err != nil {
		return fmt.Errorf("limit the memory: %w", err)
	}
	return c.memory.writeIfThere("memory.memsw.limit_in_bytes", text)
}

// quotaPeriod is the time in which a fraction of a CPU is used up: what Docker and
// Kubernetes take, and the kernel where nobody says.
const quotaPeriod = 100 * time.Millisecond

// NewLimited makes the cgroup that accounts for a server and bounds its memory and, for a
// fraction of a CPU, its CPU time. It returns nil where the host does not allow cgroups, and
// why a limit is not set.
func NewLimited(limits targets.Limits) (*Cgroup, error) {
	group, err := NewCgroup()
	if err != nil {
		return nil, err
	}
	if limits.Memory > 0 {
		err = group.LimitMemory(limits.Memory)
	}
	if quota := limits.Quota(); quota > 0 {
		group.share = group.join("cpu")
		err = errors.Join(err, group.LimitCPU(quota, quotaPeriod))
	}
	return group, err
}

// closeTime is how long the kernel may take to let go of processes that were killed. Many
// that end together share the CPUs.
const closeTime = 20 * time.Second

// Close ends every process of the cgroup and removes it. It waits for up to closeTime until
// the kernel has let go of them. Closing nil does nothing.
func (c *Cgroup) Close() error {
	if c == nil {
		return nil
	}
	_ = c.state.Close() // there may be none, and it is only written
	deadline := time.Now().Add(closeTime)
	for pause := time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		err := c.remove()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		c.Kill() // those as well that were born since
		time.Sleep(pause)
	}
}

// remove removes the cgroup from every hierarchy: a container runtime makes it
// in those of all controllers.
func (c *Cgroup) remove() error {
	var failed []error
	for _, h := range c.all {
		if err := removeTree(filepath.Join(h.mount, c.name)); err != nil {
			failed = append(failed, fmt.Errorf("remove a cgroup: %w", err))
		}
	}
	return errors.Join(failed...)
}

// removeTree removes a cgroup and the cgroups below it; their files are not
// removed one by one.
func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		if entry.IsDir() {
			if err := removeTree(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

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

// SearchCgroup returns the cgroup whose path from the top of the hierarchies matches one of
// the patterns, and which another program made; nil: there is none.
func SearchCgroup(patterns ...string) *Cgroup {
	all, err := hierarchies()
	if err != nil {
		return nil
	}
	h, ok := find(all, "cpuacct")
	if !ok {
		return nil
	}
	for _, pattern := range patterns {
		found, err := filepath.Glob(filepath.Join(h.mount, pattern))
		if err != nil || len(found) == 0 {
			continue
		}
		if name, err := filepath.Rel(h.mount, found[0]); err == nil {
			c := named(all, name)
			if h, ok := find(all, "cpu"); ok { // else nothing is known of its quota
				c.share = folder{h, filepath.Join(h.mount, name)}
			}
			return c
		}
	}
	return nil
}

// Pin keeps the cgroup's processes to the CPUs, those below it first: no cgroup may have CPUs
// that the one above it lacks.
func (c *Cgroup) Pin(cpus []int) error {
	h, ok := find(c.all, "cpuset")
	if !ok {
		return errors.New("pin a cgroup: no cgroup file system with CPU sets is mounted")
	}
	var below []string
	top := filepath.Join(h.mount, c.name)
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			below = append(below, path)
		}
		return ignoreGone(err)
	})
	for _, dir := range slices.Backward(below) {
		f := folder{h, dir}
		if dir == top || h.version == 1 {
			err = errors.Join(err, ignoreGone(f.write("cpuset.cpus", targets.FormatCPUs(cpus))))
		}
	}
	if err != nil {
		return fmt.Errorf("pin a cgroup: %w", err)
	}
	return nil
}
