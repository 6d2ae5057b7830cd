// Package pid1 is the first process of the virtual machine that the VM target
// starts. It mounts the file systems, loads the kernel's modules, sets up the
// network, runs the server within its memory limit, says on the console what
// happens (package guest), and ends the machine when the server ended. The
// program cmd/guestinit is nothing but this.
//
// All processes of the guest are its descendants, and those that lose their
// parent become its children: it waits for every one of them. It handles no
// fault but to say it on the console and to end the machine, which is the VM
// target's to notice.
package pid1
