package container

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"servebench/targets"
	"servebench/targets/process"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// bundle is an OCI bundle: a folder with the unpacked image as rootfs, and
// what to run in it.
type bundle struct {
	dir     string
	config  v1.Config
	digest  string
	program string // as in local
	user    account
}

// bundleSpec is the version of the OCI runtime specification that is written:
// old enough for the runtimes that distributions ship, with all that is used.
const bundleSpec = "1.0.2"

// bundlePrefix begins the name of every bundle's folder; its process.Maker
// follows.
const bundlePrefix = "servebench-runc-"

// unpackBundle makes a bundle in a new folder below dir.
func unpackBundle(ctx context.Context, w targets.Workload, dir string) (*bundle, error) {
	img, err := runcImage(ctx, w)
	if err != nil {
		return nil, err
	}
	file, err1 := img.ConfigFile()
	digest, err2 := img.ConfigName()
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("read the image: %w", err)
	}
	folder, err := os.MkdirTemp(dir, bundlePrefix+process.Self().String()+"-")
	if err != nil {
		return nil, fmt.Errorf("unpack the image: %w", err)
	}
	b := &bundle{dir: folder, config: file.Config, digest: digest.String(), program: img.program}
	if err := b.fill(ctx, img); err != nil {
		return nil, errors.Join(fmt.Errorf("unpack the image: %w", err), b.remove())
	}
	return b, nil
}

// fill unpacks the image and finds its user.
func (b *bundle) fill(ctx context.Context, img v1.Image) error {
	if err := os.Mkdir(b.rootfs(), 0o755); err != nil {
		return err
	}
	if err := unpack(ctx, img, b.rootfs()); err != nil {
		return err
	}
	var err error
	b.user, err = lookUp(b.rootfs(), b.config.User)
	return err
}

func (b *bundle) rootfs() string  { return filepath.Join(b.dir, "rootfs") }
func (b *bundle) state() string   { return filepath.Join(b.dir, "state") }
func (b *bundle) pidFile() string { return filepath.Join(b.dir, "pid") }
func (b *bundle) remove() error   { return os.RemoveAll(b.dir) }

// arguments returns the argument vector of the server.
func (b *bundle) arguments(w targets.Workload, host string, port int) ([]string, error) {
	if b.program != "" {
		return append([]string{b.program}, w.Arguments(host, port)[1:]...), nil
	}
	args := append(append([]string{}, b.config.Entrypoint...), b.config.Cmd...)
	if len(args) == 0 {
		return nil, fmt.Errorf("image %s says neither entrypoint nor command", w.Image)
	}
	return args, nil
}

// environment returns the server's environment, over that of its image.
func (b *bundle) environment(w targets.Workload, host string, port int) []string {
	if b.program != "" {
		return w.Environment(host, port)
	}
	base := targets.MergeEnvironment([]string{"PATH=" + targets.SearchPath, "HOME=" + b.user.home}, b.config.Env)
	return targets.MergeEnvironment(base, w.Settings(host, port))
}

// configure writes config.json for one start. group is nil where no cgroup
// can be made.
func (b *bundle) configure(w targets.Workload, host string, port int, group *process.Cgroup) error {
	args, err := b.arguments(w, host, port)
	if err != nil {
		return err
	}
	cwd := b.config.WorkingDir
	if cwd == "" {
		cwd = "/"
	}
	spec := specs.Spec{
		Version: bundleSpec,
		Root:    &specs.Root{Path: b.rootfs(), Readonly: b.program != ""},
		Process: &specs.Process{
			Args: args, Env: b.environment(w, host, port), Cwd: cwd, User: b.user.User,
			NoNewPrivileges: true, Capabilities: b.capabilities(),
		},
		Hostname: "servebench",
		Mounts:   mounts(),
		Linux: &specs.Linux{
			Namespaces:    []specs.LinuxNamespace{{Type: specs.PIDNamespace}, {Type: specs.MountNamespace}, {Type: specs.IPCNamespace}, {Type: specs.UTSNamespace}},
			Resources:     resources(w.Limits, group),
			MaskedPaths:   []string{"/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"},
			ReadonlyPaths: []string{"/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"},
		},
	}
	if group != nil {
		spec.Linux.CgroupsPath = group.Path()
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.dir, "config.json"), text, 0o600)
}

// capabilities are none for a server of ours; a user's image may need what
// Docker leaves it.
func (b *bundle) capabilities() *specs.LinuxCapabilities {
	if b.program != "" {
		return &specs.LinuxCapabilities{}
	}
	kept := usualCapabilities()
	if b.user.UID != 0 {
		return &specs.LinuxCapabilities{Bounding: kept}
	}
	return &specs.LinuxCapabilities{Bounding: kept, Effective: kept, Permitted: kept}
}

// resources are the limits, where a cgroup can hold them, and no devices but
// those that a runtime always allows.
func resources(limits targets.Limits, group *process.Cgroup) *specs.LinuxResources {
	r := &specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{{Allow: false, Access: "rwm"}}}
	if group == nil {
		return r
	}
	if len(limits.CPUs) > 0 {
		r.CPU = &specs.LinuxCPU{Cpus: targets.FormatCPUs(limits.CPUs)}
	}
	if limits.Memory > 0 {
		limit := int64(limits.Memory)
		r.Memory = &specs.LinuxMemory{Limit: &limit}
	}
	return r
}

// mounts are those that servers expect, and this machine's names and name
// servers, since the network is this machine's.
func mounts() []specs.Mount {
	closed := []string{"nosuid", "noexec", "nodev"}
	all := []specs.Mount{
		{Destination: "/proc", Type: "proc", Source: "proc", Options: closed},
		{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "strictatime", "mode=755", "size=65536k"}},
		{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}},
		{Destination: "/dev/shm", Type: "tmpfs", Source: "shm", Options: append([]string{"mode=1777", "size=65536k"}, closed...)},
		{Destination: "/sys", Type: "none", Source: "/sys", Options: append([]string{"rbind", "ro"}, closed...)},
		{Destination: "/tmp", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "nodev", "mode=1777"}},
	}
	for _, file := range []string{"/etc/hosts", "/etc/resolv.conf"} {
		if _, err := os.Stat(file); err == nil {
			all = append(all, specs.Mount{Destination: file, Type: "bind", Source: file, Options: []string{"bind", "ro"}})
		}
	}
	return all
}
