package container

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/local"

	dockercontainer "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// examine looks at the container that was just started: when that was, who
// carries it, and which limits are in force. It pins the carriers to the
// target's CPUs. A server that is gone by then shows in done.
func (i *dockerInstance) examine(ctx context.Context, w targets.Workload) {
	state, err := i.state(ctx)
	if err == nil && state.Running {
		i.startedAt, err = time.Parse(time.RFC3339Nano, state.StartedAt)
	}
	// The process id is one of this machine's, or means another process or none
	// here: where the engine runs in a virtual machine or another process
	// namespace, and when the server ended already.
	var group *local.Cgroup
	if err == nil {
		group, err = local.FindCgroup(state.Pid)
	}
	if err != nil || !group.Of(i.id) {
		i.facts = append(i.facts, record.Fact{
			Name: "limits", Unequal: true,
			Value: "handed to the engine, not verified: its processes cannot be seen from here",
		})
		return
	}
	i.group, i.pid = group, state.Pid
	i.facts = append(i.facts, local.Applied(state.Pid, w, nil)...)
	i.carry(state.Pid, w.CPUSet)
}

// state asks the engine for the container's state.
func (i *dockerInstance) state(ctx context.Context) (*dockercontainer.State, error) {
	found, err := i.cli.ContainerInspect(ctx, i.id, client.ContainerInspectOptions{})
	if err != nil {
		return nil, fmt.Errorf("inspect the container: %w", explain(ctx, err))
	}
	return found.Container.State, nil
}

// exitNotice is how long the engine may take to notice that a container ended.
const exitNotice = time.Second

// verify checks that it was the container that answered as a ready server, and
// not another process that took its port.
func (i *dockerInstance) verify(ctx context.Context) error {
	if !i.shared {
		return nil // the engine itself holds the port
	}
	if i.group == nil {
		// Either the container's processes cannot be seen from here, or they
		// are gone, which the engine will know soon.
		return i.ends(ctx, exitNotice)
	}
	pids, err := i.group.Processes()
	if err != nil || len(pids) == 0 {
		return i.ends(ctx, cleanTime)
	}
	if !local.Owns(pids, i.port) {
		return targets.ErrPortTaken
	}
	return nil
}

// ends returns ErrEnded when the container ends within the time.
func (i *dockerInstance) ends(ctx context.Context, within time.Duration) error {
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-i.Done():
		return targets.ErrEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// carry finds the shim, which is the container's parent, and the proxies of
// the published port, and pins them.
func (i *dockerInstance) carry(pid int, cpus []int) {
	if shim, err := local.Parent(pid); err == nil && strings.Contains(local.CommandName(shim), "shim") {
		i.carriers = append(i.carriers, shim)
	}
	if !i.shared {
		proxies := proxiesOf(i.port)
		i.carriers = append(i.carriers, proxies...)
		if len(proxies) == 0 {
			i.facts = append(i.facts, record.Fact{Name: "docker-proxy", Value: "none: the kernel forwards the port"})
		}
	}
	if len(cpus) == 0 {
		return
	}
	for _, carrier := range i.carriers {
		if err := local.PinProcess(carrier, cpus); err != nil {
			i.facts = append(i.facts, record.Fact{Name: local.CommandName(carrier), Value: fmt.Sprintf("not pinned to the target's CPUs: %v", err), Unequal: true})
		}
	}
}

// proxiesOf returns Docker's userland proxies of a port published on loopback.
func proxiesOf(port int) []int {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil
	}
	var found []int
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil || !isProxy(string(text), port) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			found = append(found, pid)
		}
	}
	return found
}

// isProxy reports whether a command line, its arguments ended by zero bytes, is
// that of the proxy of a port: docker-proxy … -host-port PORT ….
func isProxy(cmdline string, port int) bool {
	args := strings.Split(cmdline, "\x00")
	return filepath.Base(args[0]) == "docker-proxy" && strings.Contains(cmdline, "-host-port\x00"+strconv.Itoa(port)+"\x00")
}

// stats asks the engine for the container's usage. It is what is left where
// the container's processes cannot be seen; it misses shim and proxy.
func (i *dockerInstance) stats(ctx context.Context) (record.Usage, error) {
	ctx, cancel := context.WithTimeout(ctx, cleanTime)
	defer cancel()
	result, err := i.cli.ContainerStats(ctx, i.id, client.ContainerStatsOptions{})
	if err != nil {
		return record.Usage{}, fmt.Errorf("ask the engine for the usage: %w", err)
	}
	defer result.Body.Close()
	var stats dockercontainer.StatsResponse
	if err := json.NewDecoder(result.Body).Decode(&stats); err != nil {
		return record.Usage{}, fmt.Errorf("ask the engine for the usage: %w", err)
	}
	return record.Usage{
		CPU:       time.Duration(stats.CPUStats.CPUUsage.TotalUsage),
		Resident:  int64(stats.MemoryStats.Usage),
		Throttled: time.Duration(stats.CPUStats.ThrottlingData.ThrottledTime),
	}, nil
}
