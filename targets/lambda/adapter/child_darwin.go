package adapter

import "syscall"

// attributes has nothing to ask this kernel for.
func attributes() *syscall.SysProcAttr { return nil }
