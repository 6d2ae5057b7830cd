package adapter

import "syscall"

// attributes has the kernel kill the server should the adapter be killed.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// acknowledge has the kernel acknowledge what a socket has received.
func acknowledge(socket uintptr) {
	_ = syscall.SetsockoptInt(int(socket), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
}
