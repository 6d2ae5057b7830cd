//go:build !amd64

package vm

// counted stands for the time-stamp counter of an x86-64 CPU; here is none.
func counted() uint64 { return 0 }
