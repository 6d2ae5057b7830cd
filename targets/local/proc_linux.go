package local

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"servebench/reports/record"
	"servebench/targets"
)

// tick is the unit of the CPU times in /proc/PID/stat: USER_HZ is 100 on every
// Linux architecture that Go runs on.
const tick = 10 * time.Millisecond

// procStat is what /proc/PID/stat says about a process.
type procStat struct {
	pid, parent, group, session int
	dead                        bool          // a zombie, or gone
	start                       uint64        // when it started, in ticks since the boot
	cpu                         time.Duration // of itself, user + system
	reaped                      time.Duration // of the children it waited for
	resident                    targets.Bytes
}

// readStat reads /proc/PID/stat.
func readStat(pid int) (procStat, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return procStat{}, err
	}
	return parseStat(pid, string(text))
}

// parseStat reads the text of /proc/PID/stat, see proc_pid_stat(5). The
// command's name may hold spaces and brackets, so the fields after it are
// counted from the last closing one.
func parseStat(pid int, text string) (procStat, error) {
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	const first = 3 // the number of fields[0] in the manual page
	if len(fields) <= 24-first {
		return procStat{}, fmt.Errorf("/proc/%d/stat has %d fields after the name, want at least 22", pid, len(fields))
	}
	var failed error
	number := func(field int) int64 {
		n, err := strconv.ParseInt(fields[field-first], 10, 64)
		if err != nil && failed == nil {
			failed = fmt.Errorf("/proc/%d/stat: field %d: %w", pid, field, err)
		}
		return n
	}
	s := procStat{
		pid: pid, parent: int(number(4)), group: int(number(5)), session: int(number(6)),
		dead:     strings.ContainsAny(fields[0], "ZX"),
		cpu:      time.Duration(number(14)+number(15)) * tick,
		reaped:   time.Duration(number(16)+number(17)) * tick,
		resident: targets.Bytes(number(24)) * targets.Bytes(os.Getpagesize()),
	}
	start, err := strconv.ParseUint(fields[22-first], 10, 64)
	if err != nil && failed == nil {
		failed = fmt.Errorf("/proc/%d/stat: field 22: %w", pid, err)
	}
	s.start = start
	return s, failed
}

// runs says whether a thread of the process can run before a signal reaches it. One that
// waits in the kernel meets its signals on the way out.
func runs(pid int) bool {
	running := false
	_ = EachThread(pid, func(thread int) error { // it may have ended meanwhile
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/stat", pid, thread)); err == nil {
			state := text[bytes.LastIndexByte(text, ')')+1:]
			running = running || bytes.HasPrefix(state, []byte(" R")) || bytes.HasPrefix(state, []byte(" S"))
		}
		return nil
	})
	return running
}

// processes returns all processes that can be seen.
func processes() []procStat {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var all []procStat
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if s, err := readStat(pid); err == nil { // it may have ended meanwhile
			all = append(all, s)
		}
	}
	return all
}

// Descendants returns the process, its descendants, and whatever else is in
// the session that it leads, zombies left out.
func Descendants(pid int) []int {
	var found []int
	for _, s := range descendants(pid) {
		if !s.dead {
			found = append(found, s.pid)
		}
	}
	return found
}

func descendants(root int) []procStat {
	all := processes()
	in := map[int]bool{root: true}
	for grown := true; grown; {
		grown = false
		for _, s := range all {
			if !in[s.pid] && (in[s.parent] || s.session == root) {
				in[s.pid], grown = true, true
			}
		}
	}
	var tree []procStat
	for _, s := range all {
		if in[s.pid] {
			tree = append(tree, s)
		}
	}
	return tree
}

// TreeUsage is what the process and its descendants used since they started,
// the children waited for included. Where there is no cgroup to ask, it misses
// only a child that ended and was waited for by nobody of the tree. CPU time
// comes in steps of 10 ms.
func TreeUsage(pid int) (record.Usage, error) {
	tree := descendants(pid)
	if !slices.ContainsFunc(tree, func(s procStat) bool { return s.pid == pid && !s.dead }) {
		return record.Usage{}, fmt.Errorf("read the usage: process %d is gone", pid)
	}
	return usageOf(tree), nil
}

// ProcessUsage is what the given processes themselves used, and the children
// that they waited for. Processes that are gone count nothing.
func ProcessUsage(pids ...int) record.Usage {
	var all []procStat
	for _, pid := range pids {
		if s, err := readStat(pid); err == nil {
			all = append(all, s)
		}
	}
	return usageOf(all)
}

func usageOf(all []procStat) record.Usage {
	usage := record.Usage{Resident: int64(held(all))}
	for _, s := range all {
		usage.CPU += s.cpu + s.reaped
	}
	return usage
}

// held is what the processes hold resident together, pages that they share counted once:
//
//	Σ Pss_Anon + max(max RssFile, Σ Pss_File) + max(max RssShmem, Σ Pss_Shmem)
//
// Anonymous pages are shared by forked workers alone, so that their proportional shares
// (PSS) add up to the whole. Files, such as an interpreter and its libraries, and memory in
// tmpfs are mapped by processes of other programs as well, which take their part of the
// PSS: that is too little then, and the most that one process has resident is a bound as
// good. What is missing at most, where others map the same files, is what each process maps
// of files that the largest of them does not; nothing counts twice.
//
// To read it takes the kernel 24 ms for each GiB, which is why it is read before and after
// a load alone. Of a process of which the kernel does not say it, it is all that is resident.
func held(all []procStat) targets.Bytes {
	var sum targets.Bytes
	var most, parts [2]targets.Bytes // of files, and of shared memory
	for _, s := range all {
		part, whole := memoryOf(s.pid, "smaps_rollup"), memoryOf(s.pid, "status")
		anonymous, known := part["Pss_Anon"]
		if !known {
			sum += s.resident
			continue
		}
		sum += anonymous
		for i, kind := range []string{"File", "Shmem"} {
			most[i] = max(most[i], whole["Rss"+kind])
			parts[i] += part["Pss_"+kind]
		}
	}
	return sum + max(most[0], parts[0]) + max(most[1], parts[1])
}

// memoryOf reads the sizes in a file of /proc/PID, see proc_pid_status(5); none of a
// process that is gone.
func memoryOf(pid int, file string) map[string]targets.Bytes {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		return nil
	}
	return parseSizes(string(text))
}

// parseSizes takes the lines that are sizes: "RssFile: 1940 kB", which are KiB.
func parseSizes(text string) map[string]targets.Bytes {
	sizes := map[string]targets.Bytes{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		kilobytes, ok := strings.CutSuffix(strings.TrimSpace(value), " kB")
		if n, err := strconv.ParseUint(strings.TrimSpace(kilobytes), 10, 53); ok && err == nil {
			sizes[name] = targets.Bytes(n) * targets.KiB
		}
	}
	return sizes
}

// Peak is the sum of the most memory that each of the processes held resident so
// far. Processes that are gone count nothing.
func Peak(pids ...int) targets.Bytes {
	var sum targets.Bytes
	for _, pid := range pids {
		sum += memoryOf(pid, "status")["VmHWM"]
	}
	return sum
}

// CommandName is the name of a process's command, which the kernel cuts at 15 bytes; "" of
// one that is gone.
func CommandName(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// Parent returns the process's parent.
func Parent(pid int) (int, error) {
	s, err := readStat(pid)
	if err != nil {
		return 0, fmt.Errorf("read the parent: %w", err)
	}
	return s.parent, nil
}

// Applied reads back from the kernel which limits a server's process is under
// and says where they are not those asked for. why is the reason when the
// limits could not all be set; nil when they were.
func Applied(pid int, w targets.Workload, why error) []record.Fact {
	facts := []record.Fact{cpuFact(pid, w.CPUSet), visibleFact(w.CPUSet), memoryFact(pid, w.Limits.Memory, why), processorsFact(w.Limits)}
	if quota := w.Limits.Quota(); quota > 0 {
		facts = append(facts, quotaFact(pid, quota, why))
	}
	return facts
}

// quotaFact says what bounds the CPU time.
func quotaFact(pid int, want float64, why error) record.Fact {
	got, err := cpuQuota(pid)
	asked := strconv.FormatFloat(want, 'g', -1, 64)
	switch {
	case err == nil && math.Abs(got-want) < 0.001: // the kernel counts microseconds
		return record.Fact{Name: "CPU quota", Value: asked + " CPUs"}
	case err == nil && got > 0:
		return record.Fact{Name: "CPU quota", Value: fmt.Sprintf("%.3g CPUs in force, asked for %s", got, asked), Unequal: true}
	case cmp.Or(why, err) != nil:
		return record.Fact{Name: "CPU quota", Value: fmt.Sprintf("%s CPUs, not enforced: %v", asked, cmp.Or(why, err)), Unequal: true}
	}
	return record.Fact{Name: "CPU quota", Value: asked + " CPUs, not enforced", Unequal: true}
}

func cpuQuota(pid int) (float64, error) {
	all, err := hierarchies()
	if err != nil {
		return 0, err
	}
	h, ok := find(all, "cpu")
	if !ok {
		return 0, errors.New("no cgroup file system with a CPU controller is mounted")
	}
	dir, err := h.membership(strconv.Itoa(pid))
	if err != nil {
		return 0, err
	}
	return folder{h, dir}.cpuQuota()
}

func cpuFact(pid int, want []int) record.Fact {
	got, err := Pinned(pid)
	switch {
	case err != nil:
		return record.Fact{Name: "CPUs", Value: fmt.Sprintf("not known: %v", err), Unequal: true}
	case len(want) > 0 && !slices.Equal(got, slices.Compact(slices.Sorted(slices.Values(want)))):
		return record.Fact{Name: "CPUs", Value: fmt.Sprintf("%s, asked for %s", targets.FormatCPUs(got), targets.FormatCPUs(want)), Unequal: true}
	case len(want) == 0:
		return record.Fact{Name: "CPUs", Value: targets.FormatCPUs(got) + ", not pinned"}
	}
	return record.Fact{Name: "CPUs", Value: targets.FormatCPUs(got)}
}

// visibleFact says how many CPUs a server sees that asks how many there are and not which it
// may use: all of the machine.
func visibleFact(may []int) record.Fact {
	text, err := os.ReadFile("/sys/devices/system/cpu/online")
	if err != nil {
		return record.Fact{Name: record.FactVisibleCPUs, Value: fmt.Sprintf("not known: %v", err)}
	}
	online, err := targets.ParseCPUs(string(text))
	if err != nil {
		return record.Fact{Name: record.FactVisibleCPUs, Value: fmt.Sprintf("not known: %v", err)}
	}
	fact := record.Fact{Name: record.FactVisibleCPUs, Value: strconv.Itoa(len(online)), Count: len(online)}
	if n := len(may); n > 0 && n < len(online) {
		fact.Value += fmt.Sprintf(", of which it may use %d", n)
	}
	return fact
}

func memoryFact(pid int, want targets.Bytes, why error) record.Fact {
	got, err := memoryLimit(pid)
	if err == nil && why != nil {
		err = why
	}
	switch {
	case want == 0 && got == 0:
		return record.Fact{Name: "memory limit", Value: "none"}
	case want == 0:
		return record.Fact{Name: "memory limit", Value: got.String() + ", not asked for", Unequal: true}
	case got == want/pageSize()*pageSize():
		return record.Fact{Name: "memory limit", Value: want.String()}
	case err != nil:
		return record.Fact{Name: "memory limit", Value: fmt.Sprintf("%s, not enforced: %v", want, err), Unequal: true}
	}
	return record.Fact{Name: "memory limit", Value: fmt.Sprintf("%s in force, asked for %s", got, want), Unequal: true}
}

func memoryLimit(pid int) (targets.Bytes, error) {
	group, err := FindCgroup(pid)
	if err != nil {
		return 0, err
	}
	return group.MemoryLimit()
}

// pageSize is what the kernel rounds a limit down to.
func pageSize() targets.Bytes { return targets.Bytes(os.Getpagesize()) }
