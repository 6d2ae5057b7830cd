package oci

import (
	"encoding/json"
	"os"

	"servebench/targets"

	"github.com/opencontainers/runtime-spec/specs-go"
)

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
	cwd := r.config.WorkingDir
	if cwd == "" {
		cwd = "/"
	}
	spec := specs.Spec{
		Version: specVersion,
		Root:    &specs.Root{Path: r.rootfs(), Readonly: r.Program != ""},
		Process: &specs.Process{
			Args: c.Args, Env: c.Env, Cwd: cwd, User: r.user.User,
			NoNewPrivileges: true, Capabilities: r.capabilities(),
		},
		Hostname: "servebench",
		Mounts:   mounts(),
		Linux: &specs.Linux{
			Namespaces:    []specs.LinuxNamespace{{Type: specs.PIDNamespace}, {Type: specs.MountNamespace}, {Type: specs.IPCNamespace}, {Type: specs.UTSNamespace}},
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
func (r *Root) capabilities() *specs.LinuxCapabilities {
	if r.Program != "" {
		return &specs.LinuxCapabilities{}
	}
	kept := usualCapabilities()
	if r.user.UID != 0 {
		return &specs.LinuxCapabilities{Bounding: kept}
	}
	return &specs.LinuxCapabilities{Bounding: kept, Effective: kept, Permitted: kept}
}

// usualCapabilities are those that Docker leaves to a container by default.
func usualCapabilities() []string {
	return []string{
		"CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD",
		"CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
	}
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
