// Package guest is what the two sides of a virtual machine agree on: the VM
// target, which starts it, and the guest's first process (package pid1), which
// runs the server in it. The target puts a Spec into the guest's initial file
// system; the guest says on its console what it did, an Event a line; the target
// writes StopCommand to the console when the server is to end.
package guest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

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

// HostName is the guest's name. Servers that look up the address of their own find it in
// /etc/hosts.
const HostName = "servebench"

// StopCommand is the line that makes the first process send the server its stop
// signal.
const StopCommand = "stop"

// Spec is what the first process is to do.
type Spec struct {
	// Token marks the guest's events among everything else on the console,
	// which the server writes to as well.
	Token string
	// Modules are the kernel modules to load, files of the guest, in order.
	Modules []string
	// Root is the server's root file system; nil: the initial one.
	Root *Root
	// Server is what to run; nil: nothing, the guest says that it booted and
	// ends.
	Server *Server
}

// Root is a root file system on a disk of the guest, which nobody writes to: what is
// written stays in the guest's memory.
type Root struct {
	Device string // "/dev/vda"
	Kind   string // "ext4"
}

// Files are what every server finds in the guest, by path: its names and name servers.
func Files() map[string]string {
	return map[string]string{
		"/etc/hosts":       "127.0.0.1 localhost\n::1 localhost\n" + strings.TrimSuffix(Address, "/24") + " " + HostName + "\n",
		"/etc/resolv.conf": "nameserver " + NameServer + "\n",
	}
}

// Server is the server to run.
type Server struct {
	Path   string   // executable
	Args   []string // argument vector, the name included
	Env    []string // the whole environment, KEY=VALUE
	Dir    string   // working folder; "": the root
	UID    uint32
	GID    uint32
	Groups []uint32 // supplementary ones
	// Capabilities are all that its processes may have, by name; root has them from its
	// start, and no other user. None of its processes gets new privileges.
	Capabilities []string
	ReadOnly     bool // it cannot write to its root file system but to /tmp and /dev/shm
	// StopSignal is what StopCommand makes the first process send.
	StopSignal int
	Port       int   // TCP port that it is going to listen on
	Memory     int64 // most bytes that its processes may hold; 0: no limit
}

// The names of events, in the order in which they happen; Failed may come
// instead of any.
const (
	Booted    = "booted"    // the first process runs
	Started   = "started"   // the server's process exists
	Listening = "listening" // something listens on the server's port
	Ended     = "ended"     // the server ended, and so does the guest
	Failed    = "failed"    // the guest cannot do what it is to do, and ends
)

// eventMark begins an event; the token follows.
const eventMark = "servebench-guest:"

// Event is something that happened in the guest. The fields that an event does
// not speak of are zero.
type Event struct {
	Name string
	// Clock is the kernel's clock source by then. (Listening)
	Clock string `json:",omitempty"`
	// Memory is the memory limit in force, in bytes; 0: none. (Started)
	Memory int64 `json:",omitempty"`
	// Fault says why the memory limit could not be set (Started), or what
	// failed (Failed).
	Fault string `json:",omitempty"`
	// BadDisk says that the root file system on the disk cannot be mounted. (Failed)
	BadDisk bool `json:",omitempty"`
	// Status is how the server ended, as wait(2) gives it. (Ended)
	Status uint32 `json:",omitempty"`
	// OutOfMemory says that the kernel killed one of the server's processes
	// for want of memory. (Ended)
	OutOfMemory bool `json:",omitempty"`
	// Left is how many of its processes ran on. (Ended)
	Left int `json:",omitempty"`
}

// Line writes the event as a line of the console.
func (e Event) Line(token string) (string, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("write event %s: %w", e.Name, err)
	}
	return eventMark + token + ":" + string(text) + "\n", nil
}

// ParseEvent reads a line of the console. It returns false for what is no event
// of this guest: the kernel's messages, the server's output, and whatever bears
// another token. before is what is on the line before the event: the end of what
// somebody else wrote, such as a line that was not finished.
func ParseEvent(line, token string) (e Event, before string, ok bool) {
	before, text, found := strings.Cut(line, eventMark+token+":")
	if !found {
		return Event{}, "", false
	}
	if err := json.Unmarshal([]byte(text), &e); err != nil || !slices.Contains([]string{Booted, Started, Listening, Ended, Failed}, e.Name) {
		return Event{}, "", false
	}
	return e, before, true
}
