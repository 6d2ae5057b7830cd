package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"servebench/reports/record"
	"servebench/targets"
)

// unlimited is the least value that version 1 shows for "no limit": the
// largest 64-bit number, rounded down to whole pages of up to 64 KiB.
const unlimited = targets.Bytes(1<<63 - 64*1024)

// MemoryLimit reads back the limit in force; 0: none.
func (c *Cgroup) MemoryLimit() (targets.Bytes, error) {
	file := "memory.limit_in_bytes"
	if c.memory.version == 2 {
		file = "memory.max"
	}
	text, err := c.memory.read(file)
	if errors.Is(err, fs.ErrNotExist) { // the controller is off
		return 0, nil
	}
	if err != nil || text == "max" {
		return 0, err
	}
	limit, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read the memory limit: %w", err)
	}
	if targets.Bytes(limit) >= unlimited {
		return 0, nil
	}
	return targets.Bytes(limit), nil
}

// cpuQuota reads back how many CPUs the CPU time is bounded to; 0: it is not.
func (f folder) cpuQuota() (float64, error) {
	var text string
	var err error
	if f.version == 2 {
		text, err = f.read("cpu.max")
	} else {
		quota, err1 := f.read("cpu.cfs_quota_us")
		period, err2 := f.read("cpu.cfs_period_us")
		text, err = quota+" "+period, errors.Join(err1, err2)
	}
	if err != nil {
		return 0, ignoreGone(err) // the controller is off
	}
	var quota, period float64
	if _, err := fmt.Sscan(text, &quota, &period); err != nil || quota < 0 || period <= 0 { // "max", or -1
		return 0, nil
	}
	return quota / period, nil
}

// HasQuota reports whether the CPU time of this process is bounded, alone or together with that of
// others in a cgroup, as in a container with a limit.
func HasQuota() bool {
	all, err := hierarchies()
	h, ok := find(all, "cpu")
	if err != nil || !ok {
		return false
	}
	dir, err := h.membership("self")
	for ; err == nil && strings.HasPrefix(dir, h.mount); dir = filepath.Dir(dir) {
		if quota, _ := (folder{h, dir}).cpuQuota(); quota > 0 { // what cannot be read is none
			return true
		}
		if dir == h.mount {
			break
		}
	}
	return false
}

// Peak is the most memory that the cgroup's processes held so far, cached files
// included. It fails where the kernel does not say (version 2 before Linux 5.19).
func (c *Cgroup) Peak() (targets.Bytes, error) {
	file := "memory.max_usage_in_bytes"
	if c.memory.version == 2 {
		file = "memory.peak"
	}
	text, err := c.memory.read(file)
	if err != nil {
		return 0, fmt.Errorf("read the most memory used: %w", err)
	}
	peak, err := strconv.ParseInt(text, 10, 64)
	return targets.Bytes(peak), err
}

// OutOfMemory reports whether the kernel ended a process of the cgroup because
// the limit was reached.
func (c *Cgroup) OutOfMemory() bool {
	file := "memory.oom_control"
	if c.memory.version == 2 {
		file = "memory.events"
	}
	text, err := c.memory.read(file)
	if err != nil {
		return false
	}
	kills, ok := field(text, "oom_kill")
	return ok && kills > 0
}

// Usage is what all processes of the cgroup used, the ended ones included, and
// what those alive hold of the memory: of files in the page cache what they have mapped, whoever
// read it first, which the cgroup's own figure charges to that one.
func (c *Cgroup) Usage() (record.Usage, error) {
	usage, err := c.Spent()
	if err != nil {
		return record.Usage{}, err
	}
	pids, err := c.Processes()
	if err != nil {
		return record.Usage{}, err
	}
	usage.Resident = ProcessUsage(pids...).Resident
	return usage, nil
}

// Spent is the same but for the memory, which takes longer to read.
func (c *Cgroup) Spent() (record.Usage, error) {
	cpu, err := c.cpuTime()
	if err != nil {
		return record.Usage{}, fmt.Errorf("read the CPU time: %w", err)
	}
	return record.Usage{CPU: cpu, Throttled: c.throttled()}, nil
}

// throttled is how long a CPU quota kept processes of the cgroup from running, summed over the
// CPUs; 0 where the kernel does not say. That of the cgroups directly below it counts, which the
// kernel leaves out: those of a pod's containers have quotas too.
func (c *Cgroup) throttled() time.Duration {
	if c.share.dir == "" { // it has no quota
		return 0
	}
	all := c.share.throttled()
	below, _ := filepath.Glob(filepath.Join(c.share.dir, "*", "cpu.stat")) // the pattern is well formed
	for _, file := range below {
		all += folder{c.share.hierarchy, filepath.Dir(file)}.throttled()
	}
	return all
}

// throttled is the same of this cgroup's quota alone.
func (f folder) throttled() time.Duration {
	text, err := f.read("cpu.stat")
	if err != nil { // the controller is off
		return 0
	}
	if microseconds, ok := field(text, "throttled_usec"); ok {
		return time.Duration(microseconds) * time.Microsecond
	}
	nanoseconds, _ := field(text, "throttled_time") // of version 1
	return time.Duration(nanoseconds)
}

func (c *Cgroup) cpuTime() (time.Duration, error) {
	if c.cpu.version == 1 {
		text, err := c.cpu.read("cpuacct.usage")
		if err != nil {
			return 0, err
		}
		nanoseconds, err := strconv.ParseInt(text, 10, 64)
		return time.Duration(nanoseconds), err
	}
	text, err := c.cpu.read("cpu.stat")
	if err != nil {
		return 0, err
	}
	microseconds, ok := field(text, "usage_usec")
	if !ok {
		return 0, fmt.Errorf("%s/cpu.stat has no usage_usec", c.cpu.dir)
	}
	return time.Duration(microseconds) * time.Microsecond, nil
}

// Processes returns the processes in the cgroup and the cgroups below it.
func (c *Cgroup) Processes() ([]int, error) {
	var pids []int
	err := filepath.WalkDir(c.cpu.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return ignoreGone(err)
		}
		text, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		for _, word := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil && pid > 0 {
				pids = append(pids, pid)
			}
		}
		return ignoreGone(err)
	})
	if err != nil {
		return nil, fmt.Errorf("list the processes of a cgroup: %w", err)
	}
	return pids, nil
}

// Kill sends SIGKILL to every process in the cgroup, which then goes on to its end with
// nothing to hold it: not frozen, not yielding, its CPU time not bounded.
func (c *Cgroup) Kill() {
	pids, err := c.Processes()
	if err != nil {
		return // gone already
	}
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended meanwhile
	}
	c.release()
}

func (f folder) read(file string) (string, error) {
	text, err := os.ReadFile(filepath.Join(f.dir, file))
	return strings.TrimSpace(string(text)), err
}

// write writes an existing file; the cgroup file system refuses to create one.
func (f folder) write(file, text string) error {
	w, err := os.OpenFile(filepath.Join(f.dir, file), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = w.WriteString(text)
	return errors.Join(err, w.Close())
}

// writeIfThere writes a file that not every kernel has.
func (f folder) writeIfThere(file, text string) error { return ignoreGone(f.write(file, text)) }

// ignoreGone drops the error that a file is not there.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// field returns the number after a name in lines of "name number".
func field(text, name string) (int64, bool) {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			n, err := strconv.ParseInt(value, 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
