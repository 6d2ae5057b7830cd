// Package guest is what the two sides of a virtual machine agree on: the VM
// target, which starts it, and the guest's first process (package pid1), which
// runs the server in it. The target puts a Spec into the guest's initial file
// system; the guest says on its console what it did, an Event a line; the target
// writes StopCommand to the console when the server is to end.
package guest

// Where things are in the guest.
const (
	SpecPath   = "/etc/servebench.json"
	ModulesDir = "/lib/modules"
)

// The guest's network, that of QEMU's user mode: see "Network emulation" in
// QEMU's documentation.
const (
	Address    = "10.0.2.15/24"
	Gateway    = "10.0.2.2"
	NameServer = "10.0.2.3"
)

// StopCommand is the line that makes the first process send SIGTERM to the
// server.
const StopCommand = "stop"

// Spec is what the first process is to do.
type Spec struct {
	// Token marks the guest's events among everything else on the console,
	// which the server writes to as well.
	Token string
	// Modules are the kernel modules to load, files of the guest, in order.
	Modules []string
	// Server is what to run; nil: nothing, the guest says that it booted and
	// ends.
	Server *Server
}

// Server is the server to run.
type Server struct {
	Path   string   // executable
	Args   []string // argument vector, the name included
	Env    []string // the whole environment, KEY=VALUE
	Port   int      // TCP port that it is going to listen on
	Memory int64    // most bytes that its processes may hold; 0: no limit
}
