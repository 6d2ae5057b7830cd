package local

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
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
	// The CPU controller's and the freezer's, of a Child alone; empty: none.
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

// NewLimited makes the cgroup that accounts for a server and bounds its
// memory; 0 is no bound. It returns nil where the host does not allow cgroups, and why the
// limit is not set.
func NewLimited(memory targets.Bytes) (*Cgroup, error) {
	group, err := NewCgroup()
	if err != nil {
		return nil, err
	}
	if memory > 0 {
		err = group.LimitMemory(memory)
	}
	return group, err
}

// Close ends every process of the cgroup and removes it. It waits up to two
// seconds for the kernel to let go of them. Closing nil does nothing.
func (c *Cgroup) Close() error {
	if c == nil {
		return nil
	}
	_ = c.state.Close() // there may be none, and it is only written
	var err error
	for deadline := time.Now().Add(2 * time.Second); ; time.Sleep(time.Millisecond) {
		if err = c.remove(); err == nil || time.Now().After(deadline) {
			return err
		}
		c.Kill()
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
