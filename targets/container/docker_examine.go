package container

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	dockercontainer "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"servebench/targets"
)

// examine looks at the container that was just started: when that was, who
// carries it, and which limits are in force. It pins the carriers to the
// target's CPUs. A server that is gone by then shows in done.
func (i *dockerInstance) examine(ctx context.Context, limits targets.Limits) {
	state, err := i.state(ctx)
	if err == nil && state.Running {
		i.startedAt, err = time.Parse(time.RFC3339Nano, state.StartedAt)
	}
	if err == nil && belongs(state.Pid, i.id) {
		i.group, err = targets.FindCgroup(state.Pid)
	}
	if err != nil || i.group == nil {
		i.facts = append(i.facts, targets.Fact{
			Name: "limits", Unequal: true,
			Value: "handed to the engine, not verified: its processes cannot be seen from here",
		})
		return
	}
	i.facts = append(i.facts, targets.Applied(state.Pid, limits, nil)...)
	i.carry(state.Pid, limits.CPUs)
}

// state asks the engine for the container's state.
func (i *dockerInstance) state(ctx context.Context) (*dockercontainer.State, error) {
	found, err := i.cli.ContainerInspect(ctx, i.id, client.ContainerInspectOptions{})
	if err != nil {
		return nil, fmt.Errorf("inspect the container: %w", explain(ctx, err))
	}
	return found.Container.State, nil
}

// verify checks that it was the container that answered as a ready server, and
// not another process that took its port.
func (i *dockerInstance) verify(ctx context.Context) error {
	var pids []int
	if i.group != nil {
		pids, _ = i.group.Processes() // none: the container is gone
	} else if state, err := i.state(ctx); err != nil {
		return err
	} else if state.Running {
		return nil
	}
	if len(pids) == 0 {
		select {
		case <-i.done:
			return targets.ErrEnded
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if i.shared && !targets.Owns(pids, i.port) {
		return targets.ErrPortTaken
	}
	return nil
}

// belongs reports whether the process is in the container's cgroup. It is not
// where the engine runs in a virtual machine or another process namespace:
// the process id means another process here, or none.
func belongs(pid int, id string) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	return err == nil && bytes.Contains(text, []byte(id))
}

// carry finds the shim, which is the container's parent, and the proxies of
// the published port, and pins them.
func (i *dockerInstance) carry(pid int, cpus []int) {
	if shim, err := targets.Parent(pid); err == nil && strings.Contains(commandOf(shim), "shim") {
		i.carriers = append(i.carriers, shim)
	}
	if !i.shared {
		proxies := proxiesOf(i.port)
		i.carriers = append(i.carriers, proxies...)
		if len(proxies) == 0 {
			i.facts = append(i.facts, targets.Fact{Name: "docker-proxy", Value: "none: the kernel forwards the port"})
		}
	}
	if len(cpus) == 0 {
		return
	}
	for _, carrier := range i.carriers {
		if err := targets.PinProcess(carrier, cpus); err != nil {
			i.facts = append(i.facts, targets.Fact{Name: commandOf(carrier), Value: fmt.Sprintf("not pinned to the target's CPUs: %v", err), Unequal: true})
		}
	}
}

// commandOf returns the command's name of a process, which the kernel cuts at 15
// bytes.
func commandOf(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
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
func (i *dockerInstance) stats() (targets.Usage, error) {
	ctx, cancel := context.WithTimeout(context.Background(), cleanTime)
	defer cancel()
	result, err := i.cli.ContainerStats(ctx, i.id, client.ContainerStatsOptions{})
	if err != nil {
		return targets.Usage{}, fmt.Errorf("ask the engine for the usage: %w", err)
	}
	defer result.Body.Close()
	var stats dockercontainer.StatsResponse
	if err := json.NewDecoder(result.Body).Decode(&stats); err != nil {
		return targets.Usage{}, fmt.Errorf("ask the engine for the usage: %w", err)
	}
	return targets.Usage{
		CPU:      time.Duration(stats.CPUStats.CPUUsage.TotalUsage),
		Resident: targets.Bytes(stats.MemoryStats.Usage),
	}, nil
}
