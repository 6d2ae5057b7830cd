package oci

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/local"
	"servebench/targets/local/privileges"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Command is a container to start.
type Command struct {
	image.Process               // the server in it
	CPUs          []int         // its CPU set, which the runtime's process has as well; empty: not pinned
	Memory        targets.Bytes // the most that its processes may hold; 0: no limit
	// Writable says that it has a root folder to write to, which goes with it, and the /tmp
	// of the image. Otherwise it can write to /tmp alone, which is memory then.
	Writable bool
	Tmp      targets.Bytes // the most that it may have in a /tmp in memory; 0: no limit
	// Network is the one that it is in; nil: this machine's.
	Network *local.Network
	// Cgroup is the new, empty one that the container shall be in, and is the
	// container's from then on: Remove ends what is in it and removes it, and so
	// does a Start that fails. Nil where none can be made: the limits of memory
	// are not in force then.
	Cgroup *local.Cgroup
	// Carrier is the cgroup that the runtime's own processes are in; nil: this
	// process's.
	Carrier *local.Cgroup
	// Output gets what the server writes, as it comes; nil: nobody.
	Output io.Writer
}

// Container is a running container, carried by a runtime's process: that ends
// with the server and with its status, its output is the server's, and Stop
// sends its stop signal to the server. Its methods are safe for concurrent use, but
// for Remove.
type Container struct {
	*local.Process
	targets.Account

	runtime string
	root    *Root
	id      string
	group   *local.Cgroup // nil: none
}

// Start starts a container in the root folder. It returns once the runtime's
// process exists; the server comes to be some ten milliseconds later.
func (r *Root) Start(runtime Runtime, command Command) (*Container, error) {
	bundle, err := os.MkdirTemp(r.dir, fmt.Sprintf("servebench-%d-", os.Getpid()))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("describe the container: %w", err), command.Cgroup.Close())
	}
	// The folder's name is no other container's.
	c := &Container{runtime: runtime.path, root: r, id: filepath.Base(bundle), group: command.Cgroup}
	c.Read = c.used
	err = r.configure(filepath.Join(bundle, "config.json"), command)
	if err == nil && command.Writable {
		err = os.Mkdir(c.upper(), 0o700)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("describe the container: %w", err), c.discard())
	}
	if c.Process, err = local.Start(c.run(runtime.keeps, command)); err != nil {
		return nil, errors.Join(err, c.discard())
	}
	return c, nil
}

// bundle is a folder that says what to run where.
func (c *Container) bundle() string  { return filepath.Join(c.root.dir, c.id) }
func (c *Container) pidFile() string { return filepath.Join(c.bundle(), "pid") }
func (c *Container) upper() string   { return filepath.Join(c.bundle(), "upper") }

// run is the command that carries the container: it hands signals on and ends
// with the server's status. Should this process be killed, the runtime gets
// the stop signal rather than SIGKILL, so that it takes the server along.
func (c *Container) run(keep bool, command Command) local.Command {
	args := []string{c.runtime, "--root", c.root.state(), "run", "--bundle", c.bundle(), "--pid-file", c.pidFile(), "--no-new-keyring"}
	if keep {
		args = append(args, "--keep")
	}
	root := &local.Root{Layers: c.root.layers, Mount: c.root.mount()}
	if command.Writable {
		root.Upper = c.upper()
	}
	stop := cmp.Or(command.StopSignal, syscall.SIGTERM)
	return local.Command{
		Path: c.runtime, Args: append(args, c.id), Env: []string{"PATH=" + targets.SearchPath}, Root: root, Network: command.Network,
		CPUs: command.CPUs, Cgroup: command.Carrier, Account: c.group, Tee: command.Output, StopSignal: stop, Orphaned: stop,
	}
}

// Server returns the server's process and when it came into being, which the
// runtime writes a file about some milliseconds after; ok is false until then.
func (c *Container) Server() (pid int, since time.Time, ok bool) {
	text, err1 := os.ReadFile(c.pidFile())
	info, err2 := os.Stat(c.pidFile())
	pid, err3 := strconv.Atoi(strings.TrimSpace(string(text)))
	if errors.Join(err1, err2, err3) != nil {
		return 0, time.Time{}, false
	}
	return pid, info.ModTime(), true
}

// AwaitServer is Server for a server that has answered: on a busy machine that comes
// before the runtime has written its file, but not by more than a second.
func (c *Container) AwaitServer() (pid int, since time.Time, ok bool) {
	late := time.After(time.Second)
	for {
		if pid, since, ok = c.Server(); ok {
			return pid, since, ok
		}
		select {
		case <-c.Done():
			return c.Server()
		case <-late:
			return c.Server()
		case <-time.After(time.Millisecond):
		}
	}
}

// Cgroup is the container's; nil: it has none of its own.
func (c *Container) Cgroup() *local.Cgroup { return c.group }

// used is that of the container's cgroup and of the runtime's process; without
// a cgroup, that of the whole process tree.
func (c *Container) used(context.Context) (record.Usage, error) {
	if c.group == nil {
		return local.TreeUsage(c.PID())
	}
	usage, err := c.group.Usage()
	if err != nil {
		return record.Usage{}, err
	}
	return usage.Add(local.ProcessUsage(c.PID())), nil
}

// Remove kills what still runs of the container and removes what there is of
// it: cgroup, bundle, and what the runtime knows. The root folder stays.
func (c *Container) Remove() error {
	c.Kill()
	return c.discard()
}

// discard removes the container once the runtime's process is gone. The cgroup
// takes along what outlived it, and the runtime's own account of the container
// is files alone; without a cgroup, only the runtime can tell what to kill.
func (c *Container) discard() error {
	failed := c.group.Close()
	if _, err := os.Stat(c.kept()); c.group == nil && err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), cleanTime)
		defer cancel()
		_, failed = output(ctx, c.runtime, "--root", c.root.state(), "delete", "--force", c.id)
	}
	return errors.Join(failed, os.RemoveAll(c.kept()), os.RemoveAll(c.bundle()))
}

// kept is where the runtime keeps its account of the container.
func (c *Container) kept() string { return filepath.Join(c.root.state(), c.id) }

// specVersion is the version of the OCI runtime specification that is written:
// old enough for the runtimes that distributions ship, with all that is used.
const specVersion = "1.0.2"

// configure writes config.json for one container.
func (r *Root) configure(file string, c Command) error {
	text, err := json.Marshal(r.spec(c))
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

// spec describes one container.
func (r *Root) spec(c Command) specs.Spec {
	spec := specs.Spec{
		Version: specVersion,
		Root:    &specs.Root{Path: r.mount(), Readonly: !c.Writable},
		Process: &specs.Process{
			Args: c.Args, Env: c.Env, Cwd: c.Dir, User: specs.User{UID: c.UID, GID: c.GID, AdditionalGids: c.Groups},
			NoNewPrivileges: true, Capabilities: r.capabilities(c.UID),
		},
		Mounts: c.mounts(),
		Linux: &specs.Linux{
			// This machine's network, and with it its name, which /etc/hosts may have.
			Namespaces:    []specs.LinuxNamespace{{Type: specs.PIDNamespace}, {Type: specs.MountNamespace}, {Type: specs.IPCNamespace}},
			Resources:     c.resources(),
			MaskedPaths:   []string{"/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"},
			ReadonlyPaths: []string{"/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"},
		},
	}
	if c.Cgroup != nil {
		spec.Linux.CgroupsPath = c.Cgroup.Path()
	}
	return spec
}

// capabilities are none for a server of ours; a user's image may need what
// Docker leaves it.
func (r *Root) capabilities(user uint32) *specs.LinuxCapabilities {
	if r.Static {
		return &specs.LinuxCapabilities{}
	}
	kept := privileges.Usual()
	if user != 0 {
		return &specs.LinuxCapabilities{Bounding: kept}
	}
	return &specs.LinuxCapabilities{Bounding: kept, Effective: kept, Permitted: kept}
}

// resources are the limits, where a cgroup can hold them, and no devices but
// those that a runtime always allows.
func (c Command) resources() *specs.LinuxResources {
	r := &specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{{Allow: false, Access: "rwm"}}}
	if c.Cgroup == nil {
		return r
	}
	if len(c.CPUs) > 0 {
		r.CPU = &specs.LinuxCPU{Cpus: targets.FormatCPUs(c.CPUs)}
	}
	if c.Memory > 0 {
		limit := int64(c.Memory)
		r.Memory = &specs.LinuxMemory{Limit: &limit}
	}
	return r
}

// mounts are those that servers expect.
func (c Command) mounts() []specs.Mount {
	closed := []string{"nosuid", "noexec", "nodev"}
	all := []specs.Mount{
		{Destination: "/proc", Type: "proc", Source: "proc", Options: closed},
		{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "strictatime", "mode=755", "size=65536k"}},
		{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}},
		{Destination: "/dev/shm", Type: "tmpfs", Source: "shm", Options: append([]string{"mode=1777", "size=65536k"}, closed...)},
		{Destination: "/sys", Type: "none", Source: "/sys", Options: append([]string{"rbind", "ro"}, closed...)},
	}
	if c.Writable {
		return all
	}
	tmp := []string{"nosuid", "nodev", "mode=1777"}
	if c.Tmp > 0 {
		tmp = append(tmp, "size="+strconv.FormatInt(int64(c.Tmp), 10))
	}
	return append(all, specs.Mount{Destination: "/tmp", Type: "tmpfs", Source: "tmpfs", Options: tmp})
}
