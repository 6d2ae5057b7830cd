package adapter

import "syscall"

// attributes has the kernel kill the server should the adapter be killed.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
