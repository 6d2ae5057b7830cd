package container

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"servebench/targets"
	"servebench/targets/process"
)

// onRunc deploys through runc or crun, without an engine.
func (t target) onRunc(ctx context.Context, w targets.Workload) (*targets.Deployment, error) {
	facts, keep, err := describeRuntime(ctx, t.engine.runtime)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	b, err := unpackBundle(ctx, w, t.dir)
	if err != nil {
		return nil, explain(ctx, err)
	}
	facts = append(facts, b.facts(time.Since(began))...)
	d, err := targets.OnFreePort(ctx, targets.Loopback, func(port int) (*targets.Deployment, error) {
		return t.startRunc(ctx, w, b, keep, port)
	})
	if err != nil {
		return nil, errors.Join(err, b.remove())
	}
	d.Facts = append(facts, d.Facts...)
	return d, nil
}

// describeRuntime asks the runtime for its version, and whether it can keep
// an ended container, whose cgroup says if it ran out of memory.
func describeRuntime(ctx context.Context, path string) ([]targets.Fact, bool, error) {
	version, err := output(ctx, path, "--version")
	if err != nil {
		return nil, false, err
	}
	help, err := output(ctx, path, "run", "--help")
	if err != nil {
		return nil, false, err
	}
	first, _, _ := strings.Cut(version, "\n")
	facts := []targets.Fact{{Name: "engine", Value: strings.Replace(first, " version", "", 1) + ", without a daemon"}, {Name: "network", Value: host}}
	return facts, strings.Contains(help, "--keep"), nil
}

// output runs the runtime and returns what it prints.
func output(ctx context.Context, path string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, path, args...)
	text, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", filepath.Base(path), strings.Join(args, " "), explain(ctx, err), strings.TrimSpace(string(text)))
	}
	return string(text), nil
}

// facts says which image it is, and what putting it in place took.
func (b *bundle) facts(took time.Duration) []targets.Fact {
	return []targets.Fact{
		{Name: "image", Value: b.digest},
		{Name: "image preparation", Value: fmt.Sprintf("unpacked in %s, before the start", took.Round(time.Millisecond))},
		{Name: "storage driver", Value: "none, a folder"},
		isolation(b.program != "", "no seccomp profile"),
	}
}

// startRunc makes one attempt on one port.
func (t target) startRunc(ctx context.Context, w targets.Workload, b *bundle, keep bool, port int) (*targets.Deployment, error) {
	group, unlimited := process.NewLimited(w.Limits)
	i := &runcInstance{runtime: t.engine.runtime, bundle: b, group: group, id: fmt.Sprintf("servebench-%d-%08x", os.Getpid(), rand.Uint32())}
	if err := b.configure(w, targets.Loopback, port, group); err != nil {
		return nil, errors.Join(fmt.Errorf("describe the container: %w", err), group.Close())
	}
	server, err := process.Start(i.command(keep, w.Limits.CPUs))
	if err != nil {
		return nil, errors.Join(err, group.Close())
	}
	i.Process = server
	d := &targets.Deployment{
		Endpoint: targets.Endpoint{URL: "http://" + targets.Address(targets.Loopback, port)},
		Began:    server.Began, Instance: i,
	}
	probe := targets.Probe{URL: d.Endpoint.URL, Path: w.Ready, Began: server.Began, Done: server.Done()}
	waited, err := probe.Wait(ctx)
	pid, startedAt := i.container()
	if err = server.Judge(err, pid, port); err != nil {
		server.Kill()
		return nil, errors.Join(err, i.discard())
	}
	d.Stages = targets.Stages(server.Began, earlier(startedAt, server.Began.Add(waited[0].At)), waited)
	d.Facts = process.Applied(pid, w.Limits, unlimited)
	return d, nil
}

// command runs the container in the foreground of a runc process, which hands
// signals on and ends with the server's status. Should servebench be killed,
// runc gets SIGTERM rather than SIGKILL, so that it takes the server along.
func (i *runcInstance) command(keep bool, cpus []int) process.Command {
	args := []string{i.runtime, "--root", i.bundle.state(), "run", "--bundle", i.bundle.dir, "--pid-file", i.bundle.pidFile(), "--no-new-keyring"}
	if keep {
		args = append(args, "--keep")
	}
	return process.Command{
		Path: i.runtime, Args: append(args, i.id), Env: []string{"PATH=" + targets.SearchPath},
		CPUs: cpus, Account: i.group, Orphaned: syscall.SIGTERM,
	}
}
