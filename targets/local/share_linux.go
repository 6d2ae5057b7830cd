package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A cgroup below another one bounds a part of a deployment by itself, such as
// one of the places in which a function runs: its share of the CPUs, and
// whether it runs at all.

// OpenCgroup returns the cgroup of a Path, which another process made.
func OpenCgroup(path string) (*Cgroup, error) {
	all, err := hierarchies()
	if err != nil {
		return nil, err
	}
	c := named(all, strings.TrimPrefix(path, "/"))
	for _, f := range c.folders() {
		if _, err := os.Stat(f.dir); err != nil {
			return nil, fmt.Errorf("open a cgroup: %w", err)
		}
	}
	return c, nil
}

// Child makes an empty cgroup below this one, in whose account and limits it
// stays. Freeze and Yield work in a child alone, and there where the host
// has them. Version 2 wants that no process is in this one itself.
func (c *Cgroup) Child(name string) (*Cgroup, error) {
	child := named(c.all, filepath.Join(c.name, name))
	for _, f := range child.folders() {
		if err := os.Mkdir(f.dir, 0o755); err != nil {
			return nil, errors.Join(fmt.Errorf("make a cgroup: %w", err), child.Close())
		}
	}
	child.share = child.join("cpu")
	child.freezer = child.join("freezer")
	if child.freezer.dir != "" {
		child.state, _ = os.OpenFile(filepath.Join(child.freezer.dir, child.freezer.stateFile()), os.O_WRONLY, 0) // Freeze says that it is not there
	}
	return child, nil
}

// join makes the cgroup in the hierarchy of one more controller; the folder is
// empty where the host has none or does not allow it.
func (c *Cgroup) join(controller string) folder {
	h, ok := find(c.all, controller)
	if !ok {
		return folder{}
	}
	f := folder{h, filepath.Join(h.mount, c.name)}
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return folder{}
	}
	if h.version == 2 && controller == "cpu" && f.enable(controller) != nil {
		return folder{}
	}
	return f
}

// enable hands a controller down to a version 2 cgroup from the top, as systemd
// does for some on most hosts already.
func (f folder) enable(controller string) error {
	below, err := filepath.Rel(f.mount, filepath.Dir(f.dir))
	if err != nil {
		return err
	}
	at := folder{f.hierarchy, f.mount}
	for _, name := range append([]string{"."}, strings.Split(below, "/")...) {
		at.dir = filepath.Join(at.dir, name)
		enabled, err := at.read("cgroup.subtree_control")
		if err == nil && !slices.Contains(strings.Fields(enabled), controller) {
			err = at.write("cgroup.subtree_control", "+"+controller)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// LimitCPU bounds the CPU time of the cgroup's processes in every period: a
// share of 1 is one CPU.
func (c *Cgroup) LimitCPU(share float64, period time.Duration) error {
	quota := max(int64(share*float64(period.Microseconds())), 1000) // the least that the kernel takes
	var err error
	switch {
	case c.share.dir == "":
		return errors.New("limit the CPU time: the host has no CPU controller for this cgroup")
	case c.share.version == 2:
		err = c.share.write("cpu.max", fmt.Sprintf("%d %d", quota, period.Microseconds()))
	default:
		err = errors.Join(
			c.share.write("cpu.cfs_period_us", strconv.FormatInt(period.Microseconds(), 10)),
			c.share.write("cpu.cfs_quota_us", strconv.FormatInt(quota, 10)))
	}
	if err != nil {
		return fmt.Errorf("limit the CPU time: %w", err)
	}
	return nil
}

// Yield makes the cgroup's processes leave the CPUs to those of the cgroups
// beside it, where both want them; with false no longer. Even many that yield
// are of no weight together.
func (c *Cgroup) Yield(yield bool) error {
	if c.share.dir == "" {
		return errors.New("weigh a cgroup: the host has no CPU controller for this cgroup")
	}
	idle, file, weight := "0", "cpu.shares", "1024"
	if c.share.version == 2 {
		file, weight = "cpu.weight", "100"
	}
	if yield {
		idle, weight = "1", map[int]string{1: "2", 2: "1"}[c.share.version] // the least that there is
	}
	err := c.share.write("cpu.idle", idle)
	if errors.Is(err, fs.ErrNotExist) { // before Linux 5.15
		err = c.share.write(file, weight)
	}
	if err != nil {
		return fmt.Errorf("weigh a cgroup: %w", err)
	}
	return nil
}

// Freeze stops every process of the cgroup where it stands, until Thaw. It does
// not wait until the last one stands still.
func (c *Cgroup) Freeze() error { return c.setFrozen(true) }

// Thaw lets the cgroup's processes go on.
func (c *Cgroup) Thaw() error { return c.setFrozen(false) }

func (c *Cgroup) setFrozen(frozen bool) error {
	if c.state == nil {
		return errors.New("freeze a cgroup: the host has no freezer for this cgroup")
	}
	if _, err := c.state.WriteString(c.freezer.stateWord(frozen)); err != nil {
		return fmt.Errorf("freeze a cgroup: %w", err)
	}
	return nil
}

// stateFile is the file that freezes the cgroup.
func (f folder) stateFile() string {
	if f.version == 2 {
		return "cgroup.freeze"
	}
	return "freezer.state"
}

// stateWord is what to write there.
func (f folder) stateWord(frozen bool) string {
	switch {
	case f.version == 2 && frozen:
		return "1"
	case f.version == 2:
		return "0"
	case frozen:
		return "FROZEN"
	}
	return "THAWED"
}

// release lets all processes go on that are in the cgroup and those below it, with all the
// CPU time that there is: what is frozen does not end by SIGKILL before it is thawed
// (version 1), and what yields, or is bounded, takes its time to end.
func (c *Cgroup) release() {
	c.eachBelow("freezer", func(f folder) { _ = f.write(f.stateFile(), f.stateWord(false)) }) // it may be gone, or be no freezer at all
	c.eachBelow("cpu", func(f folder) {
		_ = f.write("cpu.idle", "0")
		if f.version == 2 {
			_ = errors.Join(f.write("cpu.weight", "100"), f.write("cpu.max", "max"))
		} else {
			_ = errors.Join(f.write("cpu.shares", "1024"), f.write("cpu.cfs_quota_us", "-1"))
		}
	})
}

// eachBelow does something to the cgroup and those below it in the hierarchy of a controller.
func (c *Cgroup) eachBelow(controller string, do func(folder)) {
	h, ok := find(c.all, controller)
	if !ok {
		return
	}
	_ = filepath.WalkDir(filepath.Join(h.mount, c.name), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			do(folder{h, path})
		}
		return nil
	})
}
